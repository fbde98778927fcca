import { signal } from '@preact/signals';
import { RollcallError } from '../../client/admin';
import type { Service } from '../../client/wire/answers';
import type { Cause, HistoryEntry } from '../../client/wire/history-answers';
import type { Instance } from '../../client/wire/instance';
import type { ScopeChanges } from '../../client/wire/wire-frame';
import { shortName } from '../../model/service-name';
import { CURSOR_HEADER, LiveList } from './live-list';
import type { ServiceAddress } from './paths';
import { ask } from './session';

/** Instances of the first page, which is shown while the others are read. */
const FIRST_PAGE = 200;

/** Instances of a further page: about 3 MB. */
const PAGE = 5_000;

/** Revisions of the history in which instances that are gone are searched. */
const HISTORY = 50;

/** Instances that are gone, at most. */
const GONE_MAX_COUNT = 20;

/** An instance that is gone. */
export interface GoneInstance {
  id: string;
  at: string;
  cause: Cause;
  actor: string;
  revision: number;
}

/** Settings of a service, with the position at which they were read. */
export interface ServiceSettings {
  /** Undefined: the service does not exist. */
  service: Service | undefined;
  cursor: string;
}

/** One service, live: its instances, its settings, and what is gone. Needs no grant on other services. */
export class ServiceLive {
  readonly list: LiveList<Instance>;
  readonly settings = signal<ServiceSettings | undefined>(undefined);
  /** Newest first. An instance that has returned since is still in it. */
  readonly gone = signal<readonly GoneInstance[]>([]);
  /** Revision of the newest frame. */
  readonly revision = signal(0);
  readonly #address: ServiceAddress;

  /** @param at Cursor or time of the past to show; undefined: now, live. */
  constructor(address: ServiceAddress, at: string | undefined) {
    this.#address = address;
    const { ns, group, service } = address;
    this.list = new LiveList<Instance>({
      ns,
      scope: { services: [shortName({ group, service })] },
      at,
      keyOf: ({ id }) => id,
      read: async ({ after, onAnswer, signal }) => {
        const limit = after === undefined ? FIRST_PAGE : PAGE;
        const { instances, next } = await ask((admin) =>
          admin.listInstances({ ...address, at, after, limit, onAnswer, signal }),
        );
        return { items: instances, next };
      },
      apply: (frame) => this.#apply(frame),
    });
    if (at !== undefined) return;
    void this.readSettings();
    void this.#readGone();
  }

  close(): void {
    this.list.close();
  }

  /** Reads the settings again. */
  async readSettings(): Promise<void> {
    let cursor = '';
    const onAnswer = ({ headers }: Response) => {
      cursor = headers.get(CURSOR_HEADER) ?? '';
    };
    try {
      this.settings.value = {
        service: await ask((admin) => admin.readService({ ...this.#address, onAnswer })),
        cursor,
      };
    } catch (error) {
      // Of other errors, the list of instances shows the reason.
      if (RollcallError.from(error, 'service').code === 'SERVICE_NOT_FOUND')
        this.settings.value = { service: undefined, cursor };
    }
  }

  async #readGone(): Promise<void> {
    const { ns, group, service } = this.#address;
    try {
      const { entries } = await ask((admin) => admin.readHistory({ ns, group, service, limit: HISTORY }));
      this.#addGone(entries.flatMap(goneOfEntry));
    } catch {
      // The list of instances shows why the registry can't be read.
    }
  }

  #apply(frame: ScopeChanges): void {
    const { revision, at, actor } = frame;
    const isFirst = this.list.items.size === 0;
    for (const change of frame.changes) {
      if (change.kind !== 'instance') continue;
      if (change.type === 'put') this.list.put(change.after);
      else this.list.remove(change.id, revision);
    }
    // `as`: the causes of frames are those of the history
    const cause = frame.cause as Cause;
    this.#addGone(
      frame.changes
        .filter((change) => change.kind !== 'entry')
        .filter(({ type, kind }) => type === 'delete' && kind === 'instance')
        .map(({ id }) => ({ id, at, cause, actor, revision })),
    );
    this.revision.value = revision;
    // A service without settings of its own exists as long as it has instances.
    const isOther = isFirst || this.list.items.size === 0 || frame.changes.some(({ kind }) => kind === 'service');
    if (isOther) void this.readSettings();
  }

  #addGone(gone: readonly GoneInstance[]): void {
    if (gone.length === 0) return;
    const newest = new Map<string, GoneInstance>();
    for (const each of [...this.gone.peek(), ...gone]) {
      if ((newest.get(each.id)?.revision ?? -1) < each.revision) newest.set(each.id, each);
    }
    this.gone.value = [...newest.values()].sort((one, other) => other.revision - one.revision).slice(0, GONE_MAX_COUNT);
  }
}

const goneOfEntry = ({ changes, at, actor, revision }: HistoryEntry): GoneInstance[] =>
  changes.flatMap((change) =>
    change.kind === 'instance' && change.after === null
      ? [{ id: change.id, at, cause: change.cause, actor, revision }]
      : [],
  );
