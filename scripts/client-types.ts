import { z } from 'zod';
import * as batch from '../src/model/batch';
import * as entry from '../src/model/entry';
import { EntryCompactionReport } from '../src/model/entry-compaction';
import * as entryPast from '../src/model/entry-past';
import * as frames from '../src/model/frames';
import * as grantedLease from '../src/model/granted-lease';
import * as history from '../src/model/history';
import * as instance from '../src/model/instance';
import { LeaseView } from '../src/model/lease';
import { Override, OverrideView } from '../src/model/override';
import * as queries from '../src/model/queries';
import * as service from '../src/model/service';
import * as subscriber from '../src/model/subscriber';
import { ADMIN_FILES } from './admin-types';
import { declarationsOf, NEXT, type WrittenFile } from './schema-declarations';

/**
 * Types of the client that are generated from the schemas, by file of src/client/wire. A program that installs the
 * client has no zod, so the types are written out. Notes add docstrings that the schemas do not have.
 */

const { options: frameOptions } = frames.ServerFrame;

/** Members of a frame that a watch passes on: without the name of the watch and the parts. */
const snapshotFrame = frameOptions[2].omit({ watch: true, part: true, last: true, entries: true });
const changesFrame = frameOptions[3]
  .omit({ watch: true, part: true, last: true })
  .extend({ changes: z.array(frames.WatchedRecord) });
const bookmarkFrame = frameOptions[4].omit({ watch: true });
const resetFrame = frameOptions[5].omit({ watch: true });

const FILES: Record<string, WrittenFile> = {
  instance: {
    about: 'Instances, as the registry returns them.',
    types: {
      InstanceStatus: { schema: instance.InstanceStatus, about: 'Status that an instance reports for itself.' },
      NamedPort: {
        schema: instance.InstanceView.shape.ports.valueType,
        about: 'An additional port of an instance.',
        notes: { secure: 'True: it uses TLS.' },
      },
      Location: {
        schema: instance.InstanceView.shape.location.unwrap(),
        also: instance.Location,
        about: 'Location of an instance. Latitude and longitude are in degrees.',
      },
      Lease: {
        schema: LeaseView,
        about: 'A granted lease. Times are in milliseconds since the last renewal.',
        notes: {
          ttlMs: 'Without a renewal for this time, the instance is unhealthy.',
          removeAfterMs: 'Without a renewal for this time, it is removed; null: never.',
          intervalMs: 'Suggested time between renewals.',
        },
      },
      Instance: {
        schema: instance.InstanceView,
        about:
          "An instance: its registration, with an operator's override merged over it, and what the registry derives.",
        notes: { weight: 'Share of traffic; 0 means none.' },
      },
    },
  },
  bodies: {
    about: 'Bodies of requests about instances and services.',
    types: {
      InstanceBody: {
        io: 'input',
        schema: instance.InstanceDefinition,
        about: 'An instance as it describes itself, without its names.',
        notes: { weight: 'Share of traffic; default 1, and 0 means none.' },
      },
      InstancePatch: {
        io: 'input',
        schema: instance.InstancePatch,
        about: 'A change: metadata is a merge patch, where null removes an entry; tags are replaced.',
      },
      OverrideBody: {
        io: 'input',
        schema: Override,
        about: "An operator's settings for an instance, merged over its registration.",
      },
      ServiceBody: {
        io: 'input',
        schema: service.ServiceDefinition,
        about: 'Settings of a service, without its instances.',
      },
      ServicePatchBody: {
        io: 'input',
        schema: service.ServicePatch,
        about:
          'A change of the settings of a service: metadata is a merge patch, `selector: null` removes the selector.',
      },
      OperationNames: {
        io: 'input',
        schema: z.strictObject(batch.operationNames),
        about: 'Names and preconditions of one operation of a batch.',
        notes: { group: 'Default `DEFAULT_GROUP`.' },
      },
      BatchOperation: {
        io: 'input',
        schema: batch.Batch.shape.operations.element,
        parts: ['OperationNames', 'InstanceBody', 'InstancePatch', 'OverrideBody'],
        about: 'One operation of a batch.',
      },
    },
  },
  answers: {
    about: 'Responses about instances and services.',
    types: {
      Warning: {
        schema: instance.Warning,
        about: 'A probable mistake, reported in the response to a registration.',
      },
      Registered: {
        schema: instance.Registration,
        parts: ['Instance'],
        about: 'Response to a registration.',
        notes: { expiresAt: 'RFC 3339; null without a lease.' },
      },
      Renewal: {
        schema: instance.Renewal,
        about: 'Response to a heartbeat.',
        notes: {
          expiresAt: 'Time at which the lease expires unless it is renewed before, RFC 3339.',
          revision: 'Revision of the renewed registration.',
        },
      },
      InstanceName: { schema: batch.HeartbeatReport.shape.unknown.element, about: 'Key of an instance.' },
      HeartbeatReport: {
        schema: batch.HeartbeatReport,
        about: 'Response to a heartbeat for several instances.',
        notes: { unknown: 'Instances that must register again.' },
      },
      InstanceList: {
        schema: queries.InstanceList,
        about: 'A page of instances, sorted by id.',
        notes: { ...NEXT, protectThreshold: 'Threshold of the service, if above 0; absent in lists of the past.' },
      },
      Endpoint: { schema: queries.Endpoint, about: 'Endpoint of an available instance.' },
      Resolution: { schema: queries.Resolution, about: 'Endpoints of a service that take traffic.' },
      DrainReport: {
        schema: queries.DrainReport,
        about: 'Result of a drain.',
        notes: {
          drained: 'Every subscriber has acknowledged that the instance takes no traffic.',
          laggards: 'Subscribers that have not acknowledged in time.',
          blind: "Number of clients that read without subscribing, by kind; they can't acknowledge.",
        },
      },
      ServiceSummary: { schema: service.ServiceSummary, about: 'An entry in the list of services.' },
      ServiceSelector: {
        schema: service.ServiceView.shape.selector.unwrap(),
        about: 'Selector of a service, stored for dialects that have selectors.',
      },
      Service: {
        schema: service.ServiceView,
        parts: ['ServiceSummary'],
        about: 'A service with its settings.',
      },
      ServiceList: {
        schema: service.ServiceList,
        about: 'A page of services, sorted by group and name.',
        notes: NEXT,
      },
      Override: { schema: OverrideView, about: "An operator's settings for an instance." },
      OperationResult: {
        schema: batch.OperationResult,
        about: 'Result of one operation of a batch.',
        notes: { revision: 'Revision of the record after the operation; null if it no longer exists.' },
      },
      BatchReport: { schema: batch.BatchReport, about: 'Response to a batch.' },
      Subscriber: {
        schema: subscriber.SubscriberView,
        about: 'A client that watches a service, or polls it with a subscriber name.',
      },
      SubscriberList: {
        schema: subscriber.SubscriberList,
        about: "A page of the subscribers of a service, and its readers that can't acknowledge.",
        notes: NEXT,
      },
    },
  },
  frames: {
    about: 'Frames of a watch.',
    types: {
      WatchedService: {
        schema: frames.WatchedService,
        about: 'Settings of a service, as watchers see them.',
        notes: {
          protectThreshold: 'Share of healthy instances below which callers ignore health; 0: never.',
        },
      },
      SnapshotService: { schema: frames.SnapshotService, parts: ['WatchedService'], about: 'A service in a snapshot.' },
      WatchedChange: {
        schema: frames.WatchedRecord,
        about: 'One change: a record in its current state, or the key of a deleted one. `id` is empty for a service.',
      },
      SnapshotFrame: { schema: snapshotFrame, about: 'The complete state, which replaces the previous one.' },
      ChangesFrame: {
        schema: changesFrame,
        about: 'All changes of one revision. Apply each of them.',
        notes: {
          cause: 'Cause, such as `registered`, `updated`, `deregistered`, `expired`.',
          actor: 'Id of the token, or `registry`.',
          at: 'Time of the revision, RFC 3339.',
        },
      },
      BookmarkFrame: {
        schema: bookmarkFrame,
        about: 'A newer cursor without changes in this watch. Store the cursor.',
      },
      ResetFrame: {
        schema: resetFrame,
        about: 'Discard the current state; a snapshot follows.',
        notes: {
          reason:
            '`compacted`: the cursor is too old. `unknown`: it is from another history, such as before a restore.',
        },
      },
      WatchFrame: {
        schema: z.union([snapshotFrame, changesFrame, bookmarkFrame, resetFrame]),
        about:
          'A frame of a watch: first a snapshot, or the changes after the given cursor; then every change, in order.',
      },
    },
  },
  'entry-frames': {
    about: 'Parts of the frames of a watch of entries.',
    types: {
      EntryContent: { schema: entry.EntryContent, about: 'An entry without its key.' },
      WatchedEntry: {
        schema: frames.WatchedEntry,
        about: 'One change: an entry in its current state, or the key of a deleted one.',
      },
    },
  },
  'history-answers': {
    about: 'Responses about the history.',
    types: {
      Cause: { schema: history.Cause, about: 'Cause of a change.' },
      RegisteredInstance: {
        schema: history.RegisteredInstance,
        about:
          'An instance as it registered itself, with its health but without its override, which is a separate record.',
      },
      Renewals: {
        schema: history.Renewals,
        about: "Renewals of an instance's lease, as the registry received them.",
      },
      HistoryChange: {
        schema: history.HistoryChange,
        about: 'One record that changed, complete before and after the change; null if it did not exist.',
      },
      HistoryEntry: {
        schema: history.HistoryEntry,
        about: 'A revision, with those of its changes that match the query.',
      },
      HistoryPage: {
        schema: history.HistoryPage,
        about: 'A page of the history, newest entry first.',
        notes: { next: 'Pass it as `after` to get the next page, even if this page has no entries.' },
      },
      WhyReport: {
        schema: history.WhyReport,
        parts: ['HistoryPage'],
        about: 'History and current state of an instance, with an explanation.',
      },
      Moment: { schema: history.MomentView, about: 'A point in the history.' },
      ServiceDiff: {
        schema: history.ServiceDiff,
        about: 'Differences of a service between two points in time.',
        notes: { next: 'Pass it as `after`, and the cursor in `to` as `to`, to get the next page.' },
      },
      RollbackReport: { schema: history.RollbackReport, about: 'Result of a rollback.' },
      EntryDiff: {
        schema: entryPast.EntryDiff,
        about: 'Differences of entries between two points in time.',
        notes: { next: 'Pass it as `after`, and the cursor in `to` as `to`, to get the next page.' },
      },
      EntryRollbackBody: {
        io: 'input',
        schema: entryPast.EntryRollbackRequest,
        about: 'Request for a rollback of entries: one key, a prefix, or those from one key up to another.',
      },
      EntryCompactionReport: { schema: EntryCompactionReport, about: 'Result of a compaction of entries.' },
      EntryRollbackReport: { schema: entryPast.EntryRollbackReport, about: 'Result of a rollback of entries.' },
    },
  },
  'lease-answers': {
    about: 'Requests and responses about leases that are granted by themselves.',
    types: {
      LeaseGrantBody: { io: 'input', schema: grantedLease.LeaseGrantRequest, about: 'Request for a lease.' },
      GrantedLease: { schema: grantedLease.GrantedLeaseView, about: 'A granted lease.' },
      GrantedLeaseDetail: {
        schema: grantedLease.GrantedLeaseDetail,
        parts: ['GrantedLease'],
        about: 'A granted lease with what it holds.',
      },
      GrantedLeaseList: {
        schema: grantedLease.GrantedLeaseList,
        about: 'A page of granted leases, sorted by id.',
        notes: NEXT,
      },
    },
  },
  ...ADMIN_FILES,
};

/** Returns the text of each generated file of src/client/wire, by its name. Not formatted yet. */
export const clientTypes = (): Map<string, string> => declarationsOf(FILES);
