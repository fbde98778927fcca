import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { fieldOf, isCursor, timeOfField } from '../state/moments';
import { words } from '../words/words';

/**
 * A field for a moment of the history, as a local date and time.
 *
 * @param value A cursor or a time.
 * @param at Time of a cursor, if known.
 * @param canType True: a cursor can be entered instead.
 */
export function MomentField({
  label,
  value,
  at,
  canType = false,
  onChange,
  children,
}: {
  label: string;
  value: string | undefined;
  at?: string | undefined;
  canType?: boolean;
  onChange: (point: string | undefined) => void;
  children?: ComponentChildren;
}) {
  const { history: text, diff } = words.value;
  const id = useId();
  const [isTyping, setTyping] = useState(false);
  const isExact = value !== undefined && isCursor(value);
  const time = isExact ? at : value;
  return (
    <div class="moment">
      <label htmlFor={id}>
        <span>{label}</span>
        {isTyping ? (
          <input
            id={id}
            class="mono"
            value={value ?? ''}
            onChange={({ currentTarget }) => onChange(currentTarget.value.trim() || undefined)}
          />
        ) : (
          <input
            id={id}
            type="datetime-local"
            step="1"
            value={time === undefined || Number.isNaN(Date.parse(time)) ? '' : fieldOf(time)}
            onChange={({ currentTarget }) => onChange(timeOfField(currentTarget.value))}
          />
        )}
      </label>
      {isExact && !isTyping && (
        <span class="mute" title={value}>
          {text.cursor}
        </span>
      )}
      {canType && (
        <button class="btn" type="button" onClick={() => setTyping(!isTyping)}>
          {isTyping ? diff.useTime : diff.useCursor}
        </button>
      )}
      {children}
    </div>
  );
}
