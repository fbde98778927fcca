import { useEffect, useState } from 'preact/hooks';
import type { ServiceSummary } from '../../client/wire/answers';
import { type GoneSearch, REMOVALS, searchGone } from '../state/gone-search';
import type { LatestChange, LatestChanges } from '../state/latest-change';
import { isMatch } from '../state/search';
import { ask } from '../state/session';
import { words } from '../words/words';
import { LatestFeed } from './latest-feed';

/** Time without a further key after which the history is searched. */
const PAUSE_MS = 300;

/** Characters from which the history is searched: fewer match nearly everything. */
const FIND_MIN_LENGTH = 3;

const NONE: GoneSearch = { matches: [], isPartial: false };

/**
 * Lists instances that are gone and match what is searched: those of the latest changes at once, then those of the history.
 *
 * @param services Services of the namespace.
 * @param latest Latest changes, newest first.
 */
export function GoneLately({
  ns,
  find,
  services,
  latest,
}: {
  ns: string;
  find: string;
  services: readonly ServiceSummary[];
  latest: LatestChanges;
}) {
  const { services: text, common } = words.value;
  const [{ matches, isPartial }, setResult] = useState(NONE);
  const [isSearching, setSearching] = useState(false);
  // The services are only hints: a new one is no reason to search again.
  useEffect(() => {
    if (find.length < FIND_MIN_LENGTH) {
      setResult(NONE);
      return;
    }
    const ended = new AbortController();
    const { signal } = ended;
    const search = async () => {
      setSearching(true);
      try {
        await searchGone(
          find,
          services,
          (filter) => ask((admin) => admin.readHistory({ ns, ...filter, signal })),
          (result) => {
            if (!signal.aborted) setResult(result);
          },
        );
      } catch {
        // The list of services shows why the registry can't be read.
      }
      if (!signal.aborted) setSearching(false);
    };
    const timer = setTimeout(() => void search(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [ns, find]);
  const gone = mergeGone(find, latest, matches);
  if (gone.length === 0 && !isSearching) return null;
  return (
    <section class="below" aria-busy={isSearching}>
      <LatestFeed ns={ns} title={text.goneLately} changes={gone} isMain isGone />
      {(isSearching || isPartial) && <p class="mute">{isSearching ? common.loading : text.gonePartial}</p>}
    </section>
  );
}

/** Joins what is known of removals: the newest change of each instance decides whether it is gone. */
function mergeGone(find: string, latest: LatestChanges, matches: LatestChanges): LatestChange[] {
  const newest = new Map<string, LatestChange>();
  for (const change of [...latest, ...matches]) {
    const key = JSON.stringify([change.group, change.service, change.id]);
    if ((newest.get(key)?.revision ?? 0) < change.revision) newest.set(key, change);
  }
  const removals: readonly string[] = REMOVALS;
  return [...newest.values()]
    .filter(({ cause, id, service }) => id !== '' && removals.includes(cause) && isMatch(find, id, service))
    .sort((one, other) => other.revision - one.revision);
}
