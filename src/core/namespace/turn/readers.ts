import type { ReadOptions, ServiceKey } from '../../../model/namespace-api';
import type { Journal } from '../commit/journal';
import type { Catalog } from '../records/catalog';
import { notePlainRead } from '../records/plain-reads';

/** Records how long readers of this namespace may keep an old answer. */
export interface ReaderTimes {
  noteCached(now: number, keepForMs: number): void;
  notePoll(now: number): void;
}

/** Names a poller: its subscriber, and the token that it polls with. */
export interface PollerName {
  subscriber: string;
  tokenId: string;
  address?: string | undefined;
}

/** Records named readers that poll. */
export interface PollerBook {
  /** Returns false where there is no room for another name. */
  notePoll(name: PollerName, service: ServiceKey, acknowledged: number, sent: number, now: number): boolean;
}

/** The parts of a namespace that remember its readers. */
export interface Readers {
  readonly catalog: Catalog;
  readonly receipts: PollerBook;
}

/**
 * Records a read by a poller that has a name: a drain waits for it. Where there is no room for another name, it counts
 * as a plain read, which a drain reports as blind.
 */
export function notePoller(
  { receipts, catalog }: Readers,
  name: PollerName,
  service: ServiceKey,
  { acknowledged, sent }: { acknowledged: number; sent: number },
  now: number,
): void {
  if (receipts.notePoll(name, service, acknowledged, sent, now)) return;
  const entry = catalog.service(service);
  if (entry !== undefined) notePlainRead(entry.plainReads, now);
}

/** Records the reader of an answer about a service, for drains: by name, or as one that can't be notified. */
export function noteReader(
  state: Readers & { readonly journal: Journal; readonly readerHolds: ReaderTimes },
  scope: ServiceKey,
  { keepForMs = 0, subscriber, tokenId = '', isShared }: ReadOptions,
  knownRevision: number,
  now: number,
): void {
  if (isShared) return;
  if (subscriber !== undefined) {
    const { id, address } = subscriber;
    const known = { acknowledged: knownRevision, sent: state.journal.revision };
    notePoller(state, { subscriber: id, tokenId, address }, scope, known, now);
    state.readerHolds.notePoll(now);
    return;
  }
  const service = state.catalog.service(scope);
  if (service === undefined) return;
  if (keepForMs === 0) {
    notePlainRead(service.plainReads, now);
    return;
  }
  service.keptCount = now < service.keptUntil ? service.keptCount + 1 : 1;
  service.keptUntil = Math.max(service.keptUntil, now + keepForMs);
  state.readerHolds.noteCached(now, keepForMs);
}
