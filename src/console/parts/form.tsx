import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { RollcallError } from '../../client/admin';
import { words } from '../words/words';

/** Returns what the registry says about a member of a request, or about a part of it. */
function messagesAt(error: unknown, path: string): string[] {
  if (!(error instanceof RollcallError)) return [];
  return error.errors.filter((each) => `${each.path}.`.startsWith(`${path}.`)).map(({ message }) => message);
}

/** A labelled control of a form, with what is wrong with its value. */
export function Field({
  label,
  hint,
  path,
  error,
  children,
}: {
  label: ComponentChildren;
  hint?: ComponentChildren;
  /** Path of the member in the request. */
  path?: string;
  /** The registry's last refusal. */
  error?: unknown;
  children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is a child
    <label class="field">
      <span>{label}</span>
      {children}
      {hint && <small class="mute">{hint}</small>}
      {path !== undefined &&
        messagesAt(error, path).map((message) => (
          <small key={message} class="wrong" role="alert">
            {message}
          </small>
        ))}
    </label>
  );
}

/** Calls the registry for a form, and holds its refusal. */
export function useCall(): { error: unknown; isBusy: boolean; run: (call: () => Promise<void>) => Promise<void> } {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (call: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await call();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return { error, isBusy, run };
}

/** The buttons of a form in a dialog. */
export function Buttons({
  isBusy,
  act,
  isGrave = false,
  onClose,
}: {
  isBusy: boolean;
  act: string;
  isGrave?: boolean;
  onClose: () => void;
}) {
  return (
    <div class="acts">
      <button class="btn" type="button" onClick={onClose}>
        {words.value.common.cancel}
      </button>
      <button class={`btn ${isGrave ? 'grave' : 'main'}`} type="submit" disabled={isBusy}>
        {act}
      </button>
    </div>
  );
}
