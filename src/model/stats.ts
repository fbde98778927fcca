import * as z from 'zod';
import { Cause } from './history';

const count = (description: string) => z.int().meta({ description });

/** What a namespace holds now, and what it has done and cost since its process started. */
export const Stats = z
  .object({
    revision: count('Newest revision'),
    compactedRevision: count('Newest revision that is no longer in the journal'),
    epoch: z.string().meta({ description: 'Random id of this storage' }),
    services: count('Services, by record or by instances'),
    instances: count('Instances'),
    healthyInstances: count('Instances within their time to live'),
    availableInstances: count('Instances that resolving returns'),
    flappingInstances: count('Instances that changed health more than twice in five minutes'),
    overrides: count('Overrides, also of instances that are gone'),
    leases: count('Leases held'),
    sessions: count('Sessions held, open or within their time to live'),
    sockets: count('Sockets open, those of event streams and polls among them'),
    watches: count('Watches on them'),
    recordBytes: count('Text of all records, in bytes: what the limit counts'),
    largestHolders: z
      .array(
        z.object({
          token: z.string().meta({ description: 'Its id' }),
          instances: count('Instances that it registered'),
          services: count('Services that it brought, by an instance or by record'),
          recordBytes: count('Text of its instances, and of overrides and services that it set last'),
        }),
      )
      .meta({ description: 'Tokens that hold most bytes, the largest first' }),
    journal: z.object({ revisions: count('Revisions kept'), bytes: count('Text kept, in bytes') }),
    sinceStart: z
      .object({
        startedAt: z.iso.datetime().meta({ description: 'When they were zero' }),
        wokeAt: z.iso.datetime().meta({ description: 'When the object last woke' }),
        wakes: count('Times the object woke'),
        requests: count('Calls answered, refusals too'),
        commits: count('Revisions made'),
        commitGroups: count('Storage transactions that made them durable'),
        renewals: count('Leases renewed'),
        removed: z.record(Cause, z.int()).meta({ description: 'Instances removed, by cause' }),
        unhealthy: count('Instances that turned unhealthy'),
        recovered: count('Instances that turned healthy again'),
        outages: count('Times the registry took a silence for its own fault'),
        checkpoints: count('Checkpoints of renewals written'),
        alarms: count('Alarms run'),
        alarmsArmed: count('Alarms armed; each is a row written'),
        rowsWritten: count('Rows written, alarms included'),
        messagesReceived: count('Frames received over sockets, pings left out'),
        messagesSent: count('Frames sent over sockets, pongs left out'),
      })
      .meta({ description: 'Counters that start at zero with the process that the object is in' }),
  })
  .meta({ id: 'Stats' });
export type Stats = z.output<typeof Stats>;
