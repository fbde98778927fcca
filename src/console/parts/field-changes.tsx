import type { FieldChange, FieldValue } from '../state/record-diff';
import { duration, moment } from '../words/format';

/** Characters of a value that are shown. */
const SHOWN_MAX_LENGTH = 80;

/** Characters of a value in its title: an entry may have half a megabyte. */
const TITLE_MAX_LENGTH = 2_000;

const titleOf = (value: FieldValue): string => String(value).slice(0, TITLE_MAX_LENGTH);

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Shows fields that differ, each with its old and its new value.
 *
 * @param changes From `changedFields`.
 */
export function FieldChanges({ changes }: { changes: readonly FieldChange[] }) {
  if (changes.length === 0) return null;
  return (
    <span class="ch">
      {changes.map(({ field, before, after }) => (
        <code key={field}>
          {isDuration(field, after ?? before) ? field.slice(0, -2) : field}{' '}
          {before !== undefined && <del title={titleOf(before)}>{shown(field, before)}</del>}
          {before !== undefined && after !== undefined && ' → '}
          {after !== undefined && <ins title={titleOf(after)}>{shown(field, after)}</ins>}
        </code>
      ))}
    </span>
  );
}

/** Metadata may have such a name, too, but its values are texts. */
const isDuration = (field: string, value: FieldValue | undefined): value is number =>
  typeof value === 'number' && field.endsWith('Ms');

function shown(field: string, value: FieldValue): string {
  if (isDuration(field, value)) return duration(value);
  const text = String(value);
  if (TIME.test(text)) return moment(text);
  return text.length > SHOWN_MAX_LENGTH ? `${text.slice(0, SHOWN_MAX_LENGTH)}…` : text || '""';
}
