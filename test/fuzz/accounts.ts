import type { AuditTrail } from '../../src/model/audit';
import type { HistoryEntry, HistoryPage } from '../../src/model/history';
import type { Target } from './exchange';

export const NAMESPACES = ['public', 'fuzz'] as const;
/** Actor of the registry's own changes, such as the expiry of a lease. */
const REGISTRY = 'registry';
const SETTLE_MS = 3_000;

/** A write since the previous read: its actor, and a description for people. */
export interface Written {
  actor: string;
  what: string;
  /** Number of the entry, if it is one of the audit trail. */
  auditId?: number;
}

/**
 * Reports a removal at the end of a drain's grace: the registry's own change, on behalf of the caller that asked for the
 * drain.
 */
function isEndOfDrain({ changes }: HistoryEntry): boolean {
  return changes.some(({ cause, after }) => cause === 'drained' && after === null);
}

/** Reads the registry's records: each namespace's journal, and the directory's audit trail. */
export class Accounts {
  readonly #target: Target;
  readonly #cursors = new Map<string, string>();
  #auditId = 0;
  /** Number of parts of the history that were compacted before they were read: nothing is known about them. */
  lost = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Returns everything written since the previous read. */
  async read(): Promise<Written[]> {
    const journals = await Promise.all(NAMESPACES.map((namespace) => this.#journal(namespace)));
    return [...journals.flat(), ...(await this.#audit())];
  }

  /** Returns one entry for each revision, regardless of the number of its changes. */
  async #journal(namespace: string): Promise<Written[]> {
    const since = this.#cursors.get(namespace);
    const path = `/api/v1/ns/${namespace}/history?limit=1000`;
    const page = await this.#target
      .must<HistoryPage>('GET', since === undefined ? path : `${path}&since=${since}`)
      .catch(() => undefined);
    if (page === undefined || page.next !== undefined) {
      // Erased, created again, or trimmed by a retention setting.
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

  /** Includes actions that only began: outcomes are recorded without any request waiting for them. */
  async #audit(): Promise<Written[]> {
    const { entries } = await this.#target.must<AuditTrail>('GET', '/api/v1/audit?limit=500');
    const before = this.#auditId;
    this.#auditId = entries[0]?.id ?? 0;
    if (before === 0) return [];
    return entries
      .filter(({ id }) => id > before)
      .map((entry) => ({ actor: entry.actor, auditId: entry.id, what: `audit entry ${JSON.stringify(entry)}` }));
  }

  /** Waits a while, and returns the writes without those of actions that were refused: their entries are removed. */
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
