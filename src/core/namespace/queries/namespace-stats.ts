import { LARGEST_HOLDERS_COUNT } from '../../../model/limits';
import type { Stats } from '../../../model/stats';
import { timestamp } from '../../../model/timestamp';
import type { StoredState } from '../commit/commit-state';
import { isAvailable, isHealthy } from '../records/catalog-entries';
import { decodeInstance } from '../records/records';
import { isFlapping } from '../records/view';
import type { WatchCounts } from '../watch/watch-state';

/** Returns the contents of a namespace in numbers, and counts of what it has done since its process started. */
export function namespaceStats(state: StoredState, open: WatchCounts): Stats {
  const { catalog, entries, granted, journal, leases, sessions, counters } = state;
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
    grantedLeases: granted.size,
    sessions: sessions.size,
    sockets: open.connectionCount,
    watches: open.watchCount,
    recordBytes: catalog.size,
    largestHolders: largestHolders(state),
    entries: {
      count: entries.count,
      keyBytes: entries.keyBytes,
      valueBytes: entries.valueBytes,
      cachedBytes: entries.cachedBytes,
      journalRevisions: journal.entries.count,
      journalBytes: journal.entries.size,
      locked: granted.lockCount,
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

type Holder = Stats['largestHolders'][number];

/** Returns the tokens that hold most. What has no known token, such as imported services, counts against none. */
function largestHolders({ catalog, entries, granted }: StoredState): Holder[] {
  const holders = new Map<string, Required<Holder>>();
  const holder = (token: string): Required<Holder> => {
    const known = holders.get(token);
    if (known !== undefined) return known;
    const made = { token, instances: 0, services: 0, recordBytes: 0, entries: 0, entryBytes: 0, grantedLeases: 0 };
    holders.set(token, made);
    return made;
  };
  for (const { token, instances, services, bytes } of catalog.holdings.all()) {
    Object.assign(holder(token), { instances, services, recordBytes: bytes });
  }
  for (const { token, count, bytes } of entries.sums.holdings()) {
    Object.assign(holder(token), { entries: count, entryBytes: bytes });
  }
  for (const [token, count] of granted.counts()) holder(token).grantedLeases = count;
  holders.delete('');
  const bytesOf = ({ recordBytes, entryBytes }: Required<Holder>) => recordBytes + entryBytes;
  return [...holders.values()].sort((a, b) => bytesOf(b) - bytesOf(a)).slice(0, LARGEST_HOLDERS_COUNT);
}
