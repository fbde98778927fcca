import type { HistoryEntry, HistoryPage } from '../../client/wire/history-answers';
import { changesOfEntry, type LatestChange } from './latest-change';
import { isMatch } from './search';

/** Causes of removals. Each is searched by itself, so that the registry sends nothing else. */
export const REMOVALS = ['expired', 'revoked', 'deregistered', 'session-closed', 'drained', 'imported'] as const;

/** Pages of each cause that are searched. */
const PAGES_MAX_COUNT = 5;

/** Entries of a page. */
const PAGE = 100;

/** Matches after which the search ends. */
const MATCHES_MAX_COUNT = 20;

/** Services that are asked for an instance with exactly the id that is searched. */
const NAMESAKES_MAX_COUNT = 5;

/** Reads a page of the history. */
export type ReadHistory = (filter: {
  cause?: (typeof REMOVALS)[number];
  group?: string;
  service?: string;
  instance?: string;
  after?: string | undefined;
  limit: number;
}) => Promise<HistoryPage>;

/** Result of a search. */
export interface GoneSearch {
  /** Removals that match, newest first; each instance once. */
  matches: readonly LatestChange[];
  /** Removals older than those that were searched are not included. */
  isPartial: boolean;
}

/**
 * Searches the removals of a namespace for ids and services that contain a text. The newest removals are searched page by
 * page; the whole history only for an instance with exactly this id, of a service whose name its id begins with.
 *
 * @param onFound Called with the result so far after each page.
 */
export async function searchGone(
  find: string,
  services: readonly { group: string; name: string }[],
  read: ReadHistory,
  onFound: (result: GoneSearch) => void,
): Promise<void> {
  const found = new Map<string, LatestChange>();
  const add = (entries: readonly HistoryEntry[]) => {
    for (const change of entries.flatMap(removalsOf)) {
      const key = JSON.stringify([change.group, change.service, change.id]);
      const isNewer = (found.get(key)?.revision ?? 0) < change.revision;
      if (isNewer && isMatch(find, change.id, change.service)) found.set(key, change);
    }
  };
  const show = (isPartial: boolean) => {
    const matches = [...found.values()].sort((one, other) => other.revision - one.revision);
    onFound({ matches: matches.slice(0, MATCHES_MAX_COUNT), isPartial });
  };
  const namesakes = services
    .filter(({ name }) => find.startsWith(name))
    .sort((one, other) => other.name.length - one.name.length)
    .slice(0, NAMESAKES_MAX_COUNT);
  const exact = await Promise.all(
    namesakes.map(({ group, name }) => read({ group, service: name, instance: find, limit: PAGE })),
  );
  for (const { entries } of exact) add(entries);
  let places = REMOVALS.map((cause) => ({ cause, after: undefined as string | undefined })); // `as`: set below
  for (let page = 0; page < PAGES_MAX_COUNT && places.length > 0 && found.size < MATCHES_MAX_COUNT; page++) {
    const pages = await Promise.all(places.map((place) => read({ ...place, limit: PAGE })));
    for (const { entries } of pages) add(entries);
    places = places.flatMap(({ cause }, index) => {
      const after = pages[index]?.next;
      return after === undefined ? [] : [{ cause, after }];
    });
    show(places.length > 0);
  }
}

/** Returns the removals of instances in an entry. */
const removalsOf = (entry: HistoryEntry): LatestChange[] =>
  changesOfEntry({
    ...entry,
    changes: entry.changes.filter(({ kind, after }) => kind === 'instance' && after === null),
  });
