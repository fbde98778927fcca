import { signal } from '@preact/signals';
import type { ServiceSummary } from '../../client/wire/answers';
import type { ScopeChanges } from '../../client/wire/wire-frame';
import { changesOfEntry, changesOfFrame, LATEST_MAX_COUNT, type LatestChanges, withLatest } from './latest-change';
import { LiveList } from './live-list';
import { ask } from './session';

/** Services of a page. */
const PAGE = 200;

/** Services of a namespace with their counts, live, and the latest changes. */
export class ServiceDirectory {
  readonly latest = signal<LatestChanges>([]);
  readonly list: LiveList<ServiceSummary>;
  readonly #ns: string;

  constructor(ns: string) {
    this.#ns = ns;
    this.list = new LiveList<ServiceSummary>({
      ns,
      scope: {},
      keyOf,
      read: async ({ after, onAnswer, signal }) => {
        const { services, next } = await ask((admin) =>
          admin.listServices({ ns, after, limit: PAGE, onAnswer, signal }),
        );
        return { items: services, next };
      },
      apply: (frame) => this.#apply(frame),
    });
    void this.#readLatest();
  }

  close(): void {
    this.list.close();
  }

  async #readLatest(): Promise<void> {
    try {
      const { entries } = await ask((admin) => admin.readHistory({ ns: this.#ns, limit: LATEST_MAX_COUNT }));
      this.#addLatest(entries.flatMap(changesOfEntry));
    } catch {
      // The list of services shows why the registry can't be read.
    }
  }

  #apply(frame: ScopeChanges): void {
    const counted = new Set<string>();
    for (const summary of frame.counts ?? []) {
      const key = keyOf(summary);
      counted.add(key);
      // A service that was not created explicitly ends with its last instance.
      if (summary.instances === 0 && !summary.persistent) this.list.remove(key, summary.revision);
      else this.list.put(summary);
    }
    // A service that is gone has no counts. If it only has newer ones, a later frame brings them.
    for (const change of frame.changes) {
      if (change.kind === 'entry') continue;
      const { type, group, service } = change;
      const key = keyOf({ group, name: service });
      if (type === 'delete' && !counted.has(key)) this.list.remove(key, frame.revision);
    }
    this.#addLatest(changesOfFrame(frame));
  }

  #addLatest(changes: LatestChanges): void {
    this.latest.value = withLatest(this.latest.peek(), changes);
  }
}

const keyOf = ({ group, name }: Pick<ServiceSummary, 'group' | 'name'>): string => JSON.stringify([group, name]);
