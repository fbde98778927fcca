import * as z from 'zod';
import { Cause } from './history';

const count = (description: string) => z.int().meta({ description });

/** A figure that an object with an earlier version does not have. */
const newCount = (description: string) => z.int().optional().meta({ description });

/** Current content of a namespace, and counters of its work and cost since its process started. */
export const Stats = z
  .object({
    revision: count('Newest revision'),
    compactedRevision: count('Newest revision that is no longer in the journal'),
    epoch: z.string().meta({ description: 'Random id of this storage' }),
    services: count('Services, created explicitly or through instances'),
    instances: count('Instances'),
    healthyInstances: count('Instances within their time to live'),
    availableInstances: count('Instances that resolving returns'),
    flappingInstances: count('Instances that changed health more than twice in five minutes'),
    overrides: count('Overrides, including those of removed instances'),
    leases: count('Leases with a time to live: of instances, of sessions, and granted ones'),
    grantedLeases: newCount('Leases that were granted by themselves and have not ended'),
    sessions: count('Sessions held, open or within their time to live'),
    sockets: count('Open sockets, including those of event streams and polls'),
    watches: count('Watches on these sockets'),
    recordBytes: count('Text of all records, in bytes, as the limit counts it'),
    largestHolders: z
      .array(
        z.object({
          token: z.string().meta({ description: 'Id of the token' }),
          instances: count('Instances that it registered'),
          services: count('Services that it created, explicitly or by an instance'),
          recordBytes: count('Text of its instances, and of overrides and services that it set last'),
          entries: newCount('Entries that it put last'),
          entryBytes: newCount('Their keys and values'),
          grantedLeases: newCount('Leases that it was granted'),
        }),
      )
      .meta({ description: 'Tokens that hold the most bytes, largest first' }),
    entries: z
      .object({
        count: count('Entries'),
        keyBytes: count('Keys of all entries, in bytes, as the limit counts them'),
        valueBytes: count('Values of all entries, in bytes; with the keys, as the limit counts them'),
        cachedBytes: count('Values in memory, in bytes'),
        journalRevisions: count('Revisions in the journal that changed only entries'),
        journalBytes: count('Changes of entries in the journal, in bytes'),
        locked: newCount('Entries that a lease has locked'),
      })
      .optional()
      .meta({ description: 'Keys and values; absent while an object still runs an earlier version' }),
    journal: z.object({ revisions: count('Revisions kept'), bytes: count('Text kept, in bytes') }),
    sinceStart: z
      .object({
        startedAt: z.iso.datetime().meta({ description: 'Time at which the counters started at zero' }),
        wokeAt: z.iso.datetime().meta({ description: 'Time at which the object last woke' }),
        wakes: count('Wakes of the object'),
        requests: count('Calls answered, including refusals'),
        commits: count('Revisions made'),
        commitGroups: count('Storage transactions that made them durable'),
        renewals: count('Leases renewed'),
        removed: z.record(Cause, z.int()).meta({ description: 'Instances removed, by cause' }),
        unhealthy: count('Instances that became unhealthy'),
        recovered: count('Instances that became healthy again'),
        outages: count('Gaps in which the registry could not receive renewals; each delays the end of leases'),
        checkpoints: count('Checkpoints of renewals written'),
        alarms: count('Alarms run'),
        alarmsArmed: count('Alarms armed; each is a row written'),
        rowsWritten: count('Rows written, including alarms'),
        messagesReceived: count('Frames received over sockets, without pings'),
        messagesSent: count('Frames sent over sockets, without pongs'),
      })
      .meta({ description: 'Counters that start at zero with the process that runs the object' }),
  })
  .meta({ id: 'Stats' });
export type Stats = z.output<typeof Stats>;
