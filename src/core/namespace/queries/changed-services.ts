import type { ChangedServices, SharedRead } from '../../../model/dialect-reads';
import type { ChangedServicesCommand } from '../../../model/history-commands';
import { jsonText } from '../../../model/json';
import type { ReadAnswer } from '../../../model/namespace-api';
import { notePlainRead } from '../records/catalog-entries';
import { notePoller, type Readers, turn } from '../turn/turn';
import type { WatchState } from '../watch/watch-state';

/**
 * Returns the services that changed since a cursor, and records the reads that the caller has answered from its copy since
 * then. Drains need that record: those readers may use data as old as the answer to this call allows.
 */
export function readChangedServices(
  state: WatchState,
  { since, keepForMs, reads, tokenId }: ChangedServicesCommand,
): Promise<ReadAnswer<ChangedServices>> {
  return turn(
    state,
    undefined,
    (now) => {
      const { journal, readerHolds, settings } = state;
      for (const read of reads) noteSharedRead(state, read, now);
      if (reads.length > 0) readerHolds.notePoll(now);
      readerHolds.noteShared(now, Math.max(keepForMs, settings.sharedForMs));
      const { cursor, revision } = journal;
      const from = since === undefined ? undefined : journal.position(since);
      const { nacosPollMs, nacosBeatMs } = settings.intervals;
      const isUsual = nacosPollMs === undefined && nacosBeatMs === undefined;
      if (from?.revision === revision && isUsual) return { cursor, body: null };
      const intervals = isUsual ? undefined : { nacosPollMs, nacosBeatMs };
      const services = from === undefined ? null : changedAfter(state, from.revision);
      return { cursor, body: jsonText<ChangedServices>({ services, intervals }) };
    },
    tokenId,
  );
}

function changedAfter(
  { catalog, journal }: Pick<WatchState, 'catalog' | 'journal'>,
  revision: number,
): ChangedServices['services'] {
  if (revision === journal.revision) return [];
  const changed: ChangedServices['services'] = [];
  for (const service of catalog.unordered()) {
    if (service.revision > revision) changed.push({ group: service.group, service: service.name });
  }
  return changed;
}

function noteSharedRead(
  state: Readers & Pick<WatchState, 'journal'>,
  { subscriber, count = 0, ...read }: SharedRead,
  now: number,
): void {
  const { journal, catalog } = state;
  if (subscriber !== undefined) {
    const { id, address, seen } = subscriber;
    const acknowledged = seen === undefined ? 0 : (journal.position(seen)?.revision ?? 0);
    const name = { subscriber: id, tokenId: read.tokenId, address };
    notePoller(state, name, read, { acknowledged, sent: journal.revision }, now);
  }
  const service = catalog.service(read);
  if (service !== undefined && count > 0) notePlainRead(service.plainReads, now, count);
}
