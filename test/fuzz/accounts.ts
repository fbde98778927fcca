import type { AuditTrail } from '../../src/model/audit';
import type { HistoryEntry, HistoryPage } from '../../src/model/history';
import type { Target } from './exchange';

export const NAMESPACES = ['public', 'fuzz'] as const;
/** What the registry does by itself, such as expiring a lease. */
const REGISTRY = 'registry';
const SETTLE_MS = 3_000;

/** What was written since the last look, by whom, as text for people. */
export interface Written {
  actor: string;
  what: string;
  /** Number of the entry, where it is one of the audit trail. */
  auditId?: number;
}

/** The removal when its grace is over is the registry's own doing, in the name of whoever asked for the drain. */
function isEndOfDrain({ changes }: HistoryEntry): boolean {
  return changes.some(({ cause, after }) => cause === 'drained' && after === null);
}

/** Reads what the registry has written down: each namespace's journal, and the directory's audit trail. */
export class Accounts {
  readonly #target: Target;
  readonly #cursors = new Map<string, string>();
  #auditId = 0;
  /** How often a piece of the past was gone before it was read: then nothing is known about it. */
  lost = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Everything since the last look. */
  async read(): Promise<Written[]> {
    const journals = await Promise.all(NAMESPACES.map((namespace) => this.#journal(namespace)));
    return [...journals.flat(), ...(await this.#audit())];
  }

  /** A revision is one entry, however much it changed. */
  async #journal(namespace: string): Promise<Written[]> {
    const since = this.#cursors.get(namespace);
    const path = `/api/v1/ns/${namespace}/history?limit=1000`;
    const page = await this.#target
      .must<HistoryPage>('GET', since === undefined ? path : `${path}&since=${since}`)
      .catch(() => undefined);
    if (page === undefined || page.next !== undefined) {
      // Erased, made anew, or trimmed by a retention that somebody set.
      this.#cursors.delete(namespace);
      if (since !== undefined) this.lost += 1;
      return [];
    }
    const [newest] = page.entries;
    if (newest !== undefined) this.#cursors.set(namespace, newest.cursor);
    if (since === undefined) return [];
    return page.entries
      .filter((entry) => entry.actor !== REGISTRY && !isEndOfDrain(entry))
      .map(({ actor, revision, cause, changes, at }) => ({
        actor,
        what: `revision ${revision} of ${namespace} at ${at} (${cause}: ${changes.map((change) => change.kind).join()} ${JSON.stringify(changes).slice(0, 200)})`,
      }));
  }

  /** Also what was only begun: how that ended is told without anybody being awaited. */
  async #audit(): Promise<Written[]> {
    const { entries } = await this.#target.must<AuditTrail>('GET', '/api/v1/audit?limit=500');
    const before = this.#auditId;
    this.#auditId = entries[0]?.id ?? 0;
    if (before === 0) return [];
    return entries
      .filter(({ id }) => id > before)
      .map((entry) => ({ actor: entry.actor, auditId: entry.id, what: `audit entry ${JSON.stringify(entry)}` }));
  }

  /** The same without what turns out to have been refused, within a while: such entries go. */
  async settled(written: readonly Written[]): Promise<Written[]> {
    let left = [...written];
    for (const startedAt = Date.now(); left.length > 0 && Date.now() - startedAt < SETTLE_MS; ) {
      const { entries } = await this.#target.must<AuditTrail>('GET', '/api/v1/audit?limit=500');
      const kept = new Set(entries.map(({ id }) => id));
      left = left.filter(({ auditId }) => auditId === undefined || kept.has(auditId));
      await new Promise((wake) => setTimeout(wake, 50));
    }
    return left;
  }
}
