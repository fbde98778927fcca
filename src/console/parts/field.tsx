import type { ComponentChildren } from 'preact';
import { RollcallError } from '../../client/admin';

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
