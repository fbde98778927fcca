import type { ComponentChildren } from 'preact';
import { fieldOf, isCursor, timeOfField } from '../state/moments';
import { words } from '../words/words';

/**
 * A field for a moment of the history, as a local date and time.
 *
 * @param value A cursor or a time.
 * @param at Time of a cursor, if known.
 */
export function MomentField({
  label,
  value = '',
  at = '',
  onChange,
  children,
}: {
  label: string;
  value: string | undefined;
  at?: string | undefined;
  onChange: (time: string | undefined) => void;
  children?: ComponentChildren;
}) {
  const time = isCursor(value) ? at : value;
  return (
    <div class="moment">
      <label>
        <span>{label}</span>
        <input
          type="datetime-local"
          step="1"
          value={Number.isNaN(Date.parse(time)) ? '' : fieldOf(time)}
          onChange={({ currentTarget }) => onChange(timeOfField(currentTarget.value))}
        />
      </label>
      {isCursor(value) && (
        <span class="mute" title={value}>
          {words.value.history.cursor}
        </span>
      )}
      {children}
    </div>
  );
}
