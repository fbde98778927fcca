import { LARGEST_HOLDERS_COUNT } from '../../../model/limits';
import type { Stats } from '../../../model/stats';
import { timestamp } from '../../../model/timestamp';
import type { StoredState } from '../commit/commit-state';
import type { Catalog } from '../records/catalog';
import { isAvailable, isHealthy } from '../records/catalog-entries';
import { decodeInstance } from '../records/records';
import { isFlapping } from '../records/view';
import type { WatchCounts } from '../watch/watch-state';

/** Returns the contents of a namespace in numbers, and counts of what it has done since its process started. */
export function namespaceStats(state: StoredState, open: WatchCounts): Stats {
  const { catalog, entries, journal, leases, sessions, counters } = state;
  const stamp = state.time.stamp();
  let services = 0;
  let healthy = 0;
  let available = 0;
  let flapping = 0;
  for (const service of catalog.services()) {
    if (service.exists) services += 1;
    for (const entry of service.instances.values()) {
      if (isHealthy(entry)) healthy += 1;
      if (isAvailable(entry)) available += 1;
      // Most instances never changed their health: searching the text saves decoding it.
      if (entry.text.includes('"healthChangedAt"') && isFlapping(decodeInstance(entry.text), stamp)) flapping += 1;
    }
  }
  return {
    revision: journal.revision,
    compactedRevision: journal.compactedRevision,
    epoch: journal.epoch,
    services,
    instances: catalog.instanceCount,
    healthyInstances: healthy,
    availableInstances: available,
    flappingInstances: flapping,
    overrides: catalog.overrideCount,
    leases: leases.size,
    sessions: sessions.size,
    sockets: open.connectionCount,
    watches: open.watchCount,
    recordBytes: catalog.size,
    largestHolders: largestHolders(catalog),
    entries: {
      count: entries.count,
      keyBytes: entries.keyBytes,
      valueBytes: entries.valueBytes,
      cachedBytes: entries.cachedBytes,
      journalRevisions: journal.entries.count,
      journalBytes: journal.entries.size,
    },
    journal: { revisions: journal.count, bytes: journal.size },
    sinceStart: {
      startedAt: timestamp(counters.startedAt),
      wokeAt: timestamp(counters.wokeAt),
      wakes: counters.wakes,
      requests: counters.requests,
      commits: counters.commits,
      commitGroups: counters.commitGroups,
      renewals: counters.renewals,
      removed: { ...counters.removed },
      unhealthy: counters.unhealthy,
      recovered: counters.recovered,
      outages: counters.outages,
      checkpoints: counters.checkpoints,
      alarms: counters.alarms,
      alarmsArmed: counters.alarmsArmed,
      rowsWritten: counters.rowsWritten,
      messagesReceived: counters.messagesReceived,
      messagesSent: counters.messagesSent,
    },
  };
}

/** Returns the tokens that hold most. Records without a known token, such as imported services, count against none. */
function largestHolders({ holdings }: Catalog): Stats['largestHolders'] {
  return holdings
    .largest(LARGEST_HOLDERS_COUNT + 1)
    .filter(({ token }) => token !== '')
    .slice(0, LARGEST_HOLDERS_COUNT)
    .map(({ token, instances, services, bytes }) => ({ token, instances, services, recordBytes: bytes }));
}
