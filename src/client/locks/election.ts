import type { CallSettings } from '../entries/attempts';
import type { Entry } from '../entries/entry';
import { entryCalls } from '../entries/entry-calls';
import { watchKeys } from '../watch/key-watch';
import type { ClientCore } from '../wire/client-core';
import { type ClaimOptions, claim, type Leadership } from './claim';

/** The leader of an election. */
export interface Leader {
  /** Key of its entry. */
  readonly key: string;
  /** Value that it has published. */
  readonly value: Uint8Array<ArrayBuffer>;
  /** Returns the value as text. */
  text(): string;
  /** Its fencing token. */
  readonly token: number;
}

/** An election: candidates wait, and one of them leads. */
export interface Election {
  /**
   * Waits until this client leads, even while the registry can't be reached. Its value is then that of the leader.
   *
   * @throws The reason of the signal, if it aborts.
   * @throws {RollcallError} If the registry refuses the lease or the entry.
   */
  campaign(options?: ClaimOptions): Promise<Leadership>;
  /** Returns the current leader; undefined if there is none. */
  leader(options?: CallSettings): Promise<Leader | undefined>;
  /** Iterates over the leaders: first the current one, then each change; undefined while there is none. */
  observe(options?: Pick<CallSettings, 'signal'>): AsyncIterable<Leader | undefined>;
}

/** Opens the election below a prefix. */
export function openElection(core: ClientCore, prefix: string): Election {
  return {
    campaign: (options = {}) => claim(core, prefix, options, true),
    async leader(options = {}) {
      const oldest = { ...options, order: 'createdRevision', limit: 1 } as const;
      const { entries } = await entryCalls(core).range({ prefix }, oldest);
      return entries[0] && leaderOf(entries[0]);
    },
    async *observe({ signal } = {}) {
      const candidates = new Map<string, Entry>();
      /** Revision of the last leader's entry; 0 without one. */
      let shown: number | undefined;
      for await (const event of watchKeys(core, { prefix }, { signal })) {
        if (event.type === 'snapshot' || event.type === 'reset') candidates.clear();
        if (event.type === 'snapshot') for (const entry of event.entries) candidates.set(entry.key, entry);
        if (event.type === 'changes') {
          for (const change of event.changes) {
            if (change.type === 'put') candidates.set(change.key, change.entry);
            else candidates.delete(change.key);
          }
        }
        if (event.type === 'reset') continue;
        const entry = oldestOf(candidates.values());
        const revision = entry?.revision ?? 0;
        if (revision !== shown) yield entry && leaderOf(entry);
        shown = revision;
      }
    },
  };
}

const leaderOf = ({ key, value, text, createdRevision: token }: Entry): Leader => ({ key, value, text, token });

function oldestOf(entries: Iterable<Entry>): Entry | undefined {
  let oldest: Entry | undefined;
  for (const entry of entries) {
    if (entry.createdRevision < (oldest?.createdRevision ?? Number.POSITIVE_INFINITY)) oldest = entry;
  }
  return oldest;
}
