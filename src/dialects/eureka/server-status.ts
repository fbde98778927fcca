import type { Stats } from '../../model/stats';
import type { Format } from './document';
import { writeXml } from './xml';

/**
 * The document of Eureka's status page: three maps of texts. What only makes sense for a Java process is left out; what
 * people look for, how many instances there are and how often they renew, is said in its place.
 *
 * @param now Milliseconds since the epoch.
 */
export function serverStatus(stats: Stats, now: number, format: Format): string {
  const { sinceStart } = stats;
  const minutes = Math.max(1, (now - Date.parse(sinceStart.startedAt)) / 60_000);
  const document = {
    generalStats: {
      'server-uptime-seconds': String(Math.max(0, Math.floor((now - Date.parse(sinceStart.startedAt)) / 1_000))),
      instances: String(stats.instances),
      'healthy-instances': String(stats.healthyInstances),
      leases: String(stats.leases),
      'renews-a-minute': String(Math.round(sinceStart.renewals / minutes)),
      'expired-since-start': String(sinceStart.removed.expired),
    },
    applicationStats: { 'registered-replicas': '', 'available-replicas': '', 'unavailable-replicas': '' },
    instanceInfo: { status: 'UP' },
  };
  return format === 'json' ? JSON.stringify(document) : writeXml({ 'com.netflix.eureka.util.StatusInfo': document });
}
