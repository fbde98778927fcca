import { isRecord } from '../../model/json';

/** Readers of another registry's JSON: values of the wrong type count as absent. */

type JsonObject = Readonly<Record<string, unknown>>;

/** Returns an object; an empty one for anything else. */
export function asObject(value: unknown): JsonObject {
  return isRecord(value) ? value : {};
}

/** Returns a list; wraps a single value, as some servers omit the list. */
export function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Returns a string, number or boolean as text; empty for anything else. */
export function asText(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}

/** Returns a number, also from text. */
export function asNumber(value: unknown): number | undefined {
  const text = asText(value).trim();
  const number = Number(text);
  return text === '' || !Number.isFinite(number) ? undefined : number;
}

/** Returns a boolean, also from text. */
export function asFlag(value: unknown, absent: boolean): boolean {
  const text = asText(value).trim().toLowerCase();
  return text === '' ? absent : text === 'true';
}

/** Returns a map of texts, without the keys that name a Java class. */
export function asTexts(value: unknown): Record<string, string> {
  const entries = Object.entries(asObject(value)).filter(([key]) => key !== '@class');
  return Object.fromEntries(
    entries.flatMap(([key, member]) => (typeof member === 'object' ? [] : [[key, asText(member)]])),
  );
}
