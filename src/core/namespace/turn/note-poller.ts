import type { ServiceKey } from '../../../model/namespace-api';
import { notePlainRead } from '../records/plain-reads';
import type { PollerBook, PollerName, TurnState } from './turn-state';

/** The parts of a namespace that remember its readers. */
export interface Readers extends Pick<TurnState, 'catalog'> {
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
