import type { HistoryEntry, ServiceDiff } from '../../client/wire/history-answers';
import type { ServiceAddress } from './paths';
import { ask } from './session';

/** Entries of a request. */
const PAGE = 1_000;

/** Instances of a page of a diff. */
const DIFF_PAGE = 200;

/** A difference of an instance. */
export type InstanceDiff = ServiceDiff['instances'][number];

/** Reads one page of the differences of a service between two moments; without the second, until now. */
export const readDiff = (
  { ns, group, service }: ServiceAddress,
  page: { from: string; to?: string | undefined; after?: string | undefined; signal?: AbortSignal },
): Promise<ServiceDiff> => ask((admin) => admin.diffService({ ns, group, service, limit: DIFF_PAGE, ...page }));

/**
 * Returns the moment before the last change of a service.
 *
 * @param until Only changes up to this cursor or time.
 * @returns Undefined if the service has no change.
 */
export async function pointBefore(
  { ns, group, service }: ServiceAddress,
  until: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const entries: HistoryEntry[] = [];
  let after: string | undefined;
  do {
    const page = await ask((admin) => admin.readHistory({ ns, group, service, until, after, limit: 2, signal }));
    entries.push(...page.entries);
    after = page.next;
  } while (entries.length < 2 && after !== undefined);
  const [last, before] = entries;
  // Before its first change, a service has no cursor.
  return before?.cursor ?? (last && new Date(Date.parse(last.at) - 1).toISOString());
}

/** Reads all entries of a service after a cursor, newest first. */
export async function entriesSince(
  { ns, group, service }: ServiceAddress,
  since: string,
  signal: AbortSignal,
): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  let after: string | undefined;
  do {
    const page = await ask((admin) => admin.readHistory({ ns, group, service, since, after, limit: PAGE, signal }));
    for (const entry of page.entries) entries.push(entry);
    after = page.next;
  } while (after !== undefined);
  return entries;
}

/** Counts of a diff. */
export interface DiffCounts {
  appeared: number;
  disappeared: number;
  changed: number;
}

/** Counts instances that appeared, disappeared and changed. */
export function countsOf(instances: readonly InstanceDiff[]): DiffCounts {
  const counts = { appeared: 0, disappeared: 0, changed: 0 };
  for (const { before, after } of instances)
    counts[before === null ? 'appeared' : after === null ? 'disappeared' : 'changed'] += 1;
  return counts;
}
