import { useState } from 'preact/hooks';
import type { EntryJson } from '../../client/entries/entry';
import { shownKey } from './entry-keys';
import type { KnownEntry } from './entry-list';
import { ask } from './session';

/** Outcome of a change: made, or refused, with the entry that was there instead. */
export type Outcome = { isMade: true } | { isMade: false; revision: number; found: KnownEntry | undefined };

interface Report {
  revision: number;
  succeeded: boolean;
  results: { entries?: EntryJson[] }[];
}

/**
 * Changes an entry if it is still the one that was read, and otherwise reads it: at once, as a transaction.
 *
 * @param id Key, one character a byte.
 * @param seen Undefined: there was none.
 * @throws {RollcallError}
 */
async function change(ns: string, id: string, seen: KnownEntry | undefined, operation: object): Promise<Outcome> {
  const key = shownKey(id);
  const is =
    seen === undefined ? { property: 'exists', operand: false } : { property: 'revision', operand: seen.revision };
  const body = { if: [{ ...key, ...is }], do: [{ ...operation, ...key }], else: [{ op: 'range', ...key }] };
  // `as`: what this route returns
  const report = (await ask((_, call) => call(['POST', '/api/v1/ns/{ns}/transaction'], { ns, body }))) as Report;
  if (report.succeeded) return { isMade: true };
  const [found] = report.results[0]?.entries ?? [];
  return { isMade: false, revision: report.revision, found: found && { ...found, id } };
}

/** Writes an entry. The lease that holds it stays. */
export const putEntry = (
  ns: string,
  id: string,
  seen: KnownEntry | undefined,
  content: { value: string; contentType: string | undefined },
): Promise<Outcome> => change(ns, id, seen, { op: 'put', ...content, keepLease: true });

/** Deletes an entry. */
export const deleteEntry = (ns: string, id: string, seen: KnownEntry): Promise<Outcome> =>
  change(ns, id, seen, { op: 'delete' });

/**
 * Holds what the visitor has seen of an entry. If it differs from what is there now, the change must not be made before the
 * visitor has seen that, too.
 */
export function useSeen(first: KnownEntry | undefined, current: KnownEntry | undefined) {
  const [seen, setSeen] = useState(first);
  const [refusal, setRefusal] = useState<Extract<Outcome, { isMade: false }>>();
  // The answer to a refused change may be ahead of the watch.
  const now = refusal !== undefined && refusal.revision > (current?.revision ?? 0) ? refusal.found : current;
  return { seen, now, isOther: seen?.revision !== now?.revision, accept: () => setSeen(now), setRefusal };
}
