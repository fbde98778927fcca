import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { RollcallError } from '../../client/admin';
import { setQuery } from '../state/location';
import { words } from '../words/words';
import { Dialog } from './dialog';
import { Problem } from './problem';

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

/** A dialog with a form. */
export function FormDialog({
  title,
  act,
  error,
  onRetry,
  isGrave = false,
  isOff,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  /** Text of the button that submits. */
  act: string;
  /** Reason of the last failure. */
  error: unknown;
  onRetry?: () => void;
  /** True: the act can't be undone. */
  isGrave?: boolean;
  isOff: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!isOff) onSubmit();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {error !== undefined && <Problem error={error} onRetry={onRetry} />}
        {children}
        <div class="acts">
          <button class="btn" type="button" onClick={onClose}>
            {words.value.common.cancel}
          </button>
          <button class={`btn ${isGrave ? 'grave' : 'main'}`} type="submit" disabled={isOff}>
            {act}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** A list of options, each a value and its title. */
export function Select<Value extends string | number>({
  label,
  class: name,
  value,
  options,
  onChange,
}: {
  /** Accessible name, unless a label contains it. */
  label?: string;
  class?: string;
  value: Value;
  options: readonly (readonly [value: Value, title: string])[];
  onChange: (value: Value) => void;
}) {
  const choose = ({ currentTarget }: JSX.TargetedEvent<HTMLSelectElement>) => {
    const chosen = options[currentTarget.selectedIndex];
    if (chosen !== undefined) onChange(chosen[0]);
  };
  return (
    <select class={name} aria-label={label} value={value} onChange={choose}>
      {options.map(([each, title]) => (
        <option key={each} value={each}>
          {title}
        </option>
      ))}
    </select>
  );
}

/** A labelled checkbox. */
export function Check({
  isOn,
  onChange,
  children,
}: {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  children: ComponentChildren;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={isOn} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}

/** The field that searches a page, which is the parameter `q` of its address. */
export function Find({ label, value }: { label: string; value: string }) {
  return (
    <input
      class="find"
      type="search"
      data-find
      placeholder={label}
      aria-label={label}
      value={value}
      onInput={({ currentTarget }) => setQuery({ q: currentTarget.value })}
    />
  );
}

/** Shows more of a list. */
export function More({ isBusy = false, onClick }: { isBusy?: boolean; onClick: () => void }) {
  const { common } = words.value;
  return (
    <button class="btn" type="button" disabled={isBusy} onClick={onClick}>
      {isBusy ? common.loading : common.more}
    </button>
  );
}
