import { signal } from '@preact/signals';
import type { ServiceSummary } from '../../client/wire/answers';
import type { ChangesFrame } from '../../client/wire/frames';
import type { Cause, HistoryEntry } from '../../client/wire/history-answers';
import { LiveList } from './live-list';
import { ask } from './session';

/** Services of a page. */
const PAGE = 200;

/** Changes that are kept for the list of the latest. */
const LATEST_MAX_COUNT = 20;

/** A change of an instance or a service, for the list of the latest. */
export interface LatestChange {
  /** Unique among the changes. */
  key: string;
  revision: number;
  at: string;
  cause: Cause;
  actor: string;
  group: string;
  service: string;
  /** Empty for a service. */
  id: string;
}

/** Latest changes, newest first. */
export type LatestChanges = readonly LatestChange[];

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

  #apply(frame: ChangesFrame): void {
    const counted = new Set<string>();
    for (const summary of frame.counts ?? []) {
      const key = keyOf(summary);
      counted.add(key);
      // A service that was not created explicitly ends with its last instance.
      if (summary.instances === 0 && !summary.persistent) this.list.remove(key, summary.revision);
      else this.list.put(summary);
    }
    // A service that is gone has no counts. If it only has newer ones, a later frame brings them.
    for (const { type, group, service } of frame.changes) {
      const key = keyOf({ group, name: service });
      if (type === 'delete' && !counted.has(key)) this.list.remove(key, frame.revision);
    }
    this.#addLatest(changesOfFrame(frame));
  }

  #addLatest(changes: LatestChanges): void {
    this.latest.value = withLatest(this.latest.peek(), changes);
  }
}

/** Adds changes to the latest ones. */
export function withLatest(latest: LatestChanges, changes: LatestChanges): LatestChanges {
  const known = new Set(latest.map(({ key }) => key));
  const all = [...changes.filter(({ key }) => !known.has(key)), ...latest];
  return all.sort((one, other) => other.revision - one.revision).slice(0, LATEST_MAX_COUNT);
}

const keyOf = ({ group, name }: Pick<ServiceSummary, 'group' | 'name'>): string => JSON.stringify([group, name]);

/** Returns the changes of an entry of the history. */
export function changesOfEntry({ revision, at, actor, changes }: HistoryEntry): LatestChange[] {
  return changes.map((change) => {
    const { group, service, cause } = change;
    const id = change.kind === 'service' ? '' : change.id;
    return { key: JSON.stringify([revision, group, service, id]), revision, at, cause, actor, group, service, id };
  });
}

/** Returns the changes of a frame, up to a number that a list of the latest shows. */
export function changesOfFrame({ revision, at, actor, cause, changes }: ChangesFrame): LatestChange[] {
  return changes.slice(0, LATEST_MAX_COUNT).map(({ group, service, id }) => ({
    key: JSON.stringify([revision, group, service, id]),
    revision,
    at,
    // `as`: the causes of frames are those of the history
    cause: cause as Cause,
    actor,
    group,
    service,
    id,
  }));
}
