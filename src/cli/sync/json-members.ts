import { isRecord } from '../../model/json';

/** Looking into JSON of another registry: what is not as it should be is as if it were not there. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** An object; one without members where it is anything else. */
export function asObject(value: unknown): JsonObject {
  return isRecord(value) ? value : {};
}

/** A list; a single one where a server leaves the list out. */
export function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A text, a number or a truth value as text; empty where it is nothing of these. */
export function asText(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}

/** A number, also as text. */
export function asNumber(value: unknown): number | undefined {
  const text = asText(value).trim();
  const number = Number(text);
  return text === '' || !Number.isFinite(number) ? undefined : number;
}

/** A truth value, also as text. */
export function asFlag(value: unknown, absent: boolean): boolean {
  const text = asText(value).trim().toLowerCase();
  return text === '' ? absent : text === 'true';
}

/** A map of texts, without the keys that mark a class of Java. */
export function asTexts(value: unknown): Record<string, string> {
  const entries = Object.entries(asObject(value)).filter(([key]) => key !== '@class');
  return Object.fromEntries(
    entries.flatMap(([key, member]) => (typeof member === 'object' ? [] : [[key, asText(member)]])),
  );
}
