import { z } from 'zod';
import * as audit from '../src/model/audit';
import * as batch from '../src/model/batch';
import { RecordCounts } from '../src/model/export-line';
import * as frames from '../src/model/frames';
import { Grant } from '../src/model/grant';
import * as history from '../src/model/history';
import * as instance from '../src/model/instance';
import { LeaseView } from '../src/model/lease';
import * as namespace from '../src/model/namespace';
import { Override, OverrideView } from '../src/model/override';
import * as queries from '../src/model/queries';
import * as service from '../src/model/service';
import { Stats } from '../src/model/stats';
import * as subscriber from '../src/model/subscriber';
import * as token from '../src/model/token';
import * as transfer from '../src/model/transfer';
import { declarationsOf, type WrittenFile } from './schema-declarations';

/**
 * Types of the client that are generated from the schemas, by file of src/client/wire. A program that installs the
 * client has no zod, so the types are written out. Notes add docstrings that the schemas do not have.
 */

const { options: frameOptions } = frames.ServerFrame;

/** Members of a frame that a watch passes on: without the name of the watch and the parts. */
const snapshotFrame = frameOptions[2].omit({ watch: true, part: true, last: true });
const changesFrame = frameOptions[3].omit({ watch: true, part: true, last: true });
const bookmarkFrame = frameOptions[4].omit({ watch: true });
const resetFrame = frameOptions[5].omit({ watch: true });

const NEXT = { next: 'Value of `after` for the next page.' };

const FILES: Record<string, WrittenFile> = {
  instance: {
    about: 'Instances, as the registry returns them.',
    types: {
      InstanceStatus: { schema: instance.InstanceStatus, about: 'Status that an instance reports of itself.' },
      NamedPort: {
        schema: instance.InstanceView.shape.ports.valueType,
        about: 'A further port of an instance.',
        notes: { secure: 'True if it uses TLS.' },
      },
      Location: {
        schema: instance.InstanceView.shape.location.unwrap(),
        also: instance.Location,
        about: 'Where an instance runs. Latitude and longitude in degrees.',
      },
      Lease: {
        schema: LeaseView,
        about: 'A lease as it was granted. Times in milliseconds since the last renewal.',
        notes: {
          ttlMs: 'Time until the instance is unhealthy.',
          removeAfterMs: 'Time until the instance is removed; null: never.',
          intervalMs: 'Time between renewals.',
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
        about: 'Definition of an instance, without its names.',
        notes: { weight: 'Share of traffic; default 1, and 0 means none.' },
      },
      InstancePatch: {
        io: 'input',
        schema: instance.InstancePatch,
        about: 'A change: metadata is a merge patch, in which null removes an entry; tags replace the list.',
      },
      OverrideBody: {
        io: 'input',
        schema: Override,
        about: "An operator's settings for an instance, merged over its registration.",
      },
      ServiceBody: {
        io: 'input',
        schema: service.ServiceDefinition,
        about: 'Settings of a service, apart from its instances.',
      },
      ServicePatchBody: {
        io: 'input',
        schema: service.ServicePatch,
        about: 'A change of the settings of a service: metadata is a merge patch, `selector: null` removes it.',
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
        about: 'A likely mistake, in the response to a registration.',
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
          expiresAt: 'Time when the lease ends if it is not renewed, RFC 3339.',
          revision: 'Revision of the renewed registration.',
        },
      },
      InstanceName: { schema: batch.HeartbeatReport.shape.unknown.element, about: 'Names an instance.' },
      HeartbeatReport: {
        schema: batch.HeartbeatReport,
        about: 'Response to a batched heartbeat.',
        notes: { unknown: 'Instances that must register again.' },
      },
      InstanceList: {
        schema: queries.InstanceList,
        about: 'A page of instances, sorted by id.',
        notes: { ...NEXT, protectThreshold: 'Threshold of the service, if it is above 0; absent in past lists.' },
      },
      Endpoint: { schema: queries.Endpoint, about: 'An endpoint, ready to use.' },
      Resolution: { schema: queries.Resolution, about: 'Endpoints of a service that take traffic.' },
      DrainReport: {
        schema: queries.DrainReport,
        about: 'Result of a drain.',
        notes: {
          drained: 'Every subscriber has acknowledged that the instance takes no traffic.',
          laggards: 'Subscribers that have not acknowledged in time.',
          blind: "Readers that don't subscribe and can't acknowledge, by kind.",
        },
      },
      ServiceSummary: { schema: service.ServiceSummary, about: 'An entry in the list of services.' },
      ServiceSelector: {
        schema: service.ServiceView.shape.selector.unwrap(),
        about: 'Selector of callers and instances; stored for dialects that have selectors.',
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
        notes: { revision: 'Revision of the record afterwards; null if it is gone.' },
      },
      BatchReport: { schema: batch.BatchReport, about: 'Response to a batch.' },
      Subscriber: { schema: subscriber.SubscriberView, about: 'A client that watches a service, or polls it by name.' },
      SubscriberList: {
        schema: subscriber.SubscriberList,
        about: 'A page of the subscribers of a service.',
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
        schema: frames.WatchedChange,
        about: 'A change: the new state of a record, or the name of a removed one. `id` is empty for a service.',
      },
      SnapshotFrame: {
        schema: snapshotFrame,
        about: 'The whole scope: replace everything you have.',
      },
      ChangesFrame: {
        schema: changesFrame,
        about: 'A complete revision: apply each change.',
        notes: {
          cause: 'Cause, such as `registered`, `updated`, `deregistered`, `expired`.',
          actor: 'Id of the token, or `registry`.',
          at: 'Time, RFC 3339.',
        },
      },
      BookmarkFrame: {
        schema: bookmarkFrame,
        about: 'Nothing in the scope has changed, but the namespace has: remember the cursor.',
      },
      ResetFrame: {
        schema: resetFrame,
        about: 'Discard everything you have; a snapshot follows.',
        notes: {
          reason: '`compacted`: the cursor is too old. `unknown`: it belongs to another history, as after a restore.',
        },
      },
      WatchFrame: {
        schema: z.union([snapshotFrame, changesFrame, bookmarkFrame, resetFrame]),
        about: 'A frame of a watch: first a snapshot, or the changes after its cursor; then every change, in order.',
      },
    },
  },
  'history-answers': {
    about: 'Responses about history.',
    types: {
      Cause: { schema: history.Cause, about: 'Cause of a change.' },
      RegisteredInstance: {
        schema: history.RegisteredInstance,
        about: 'An instance as registered, with its health, without the override: that is a separate record.',
      },
      Renewals: {
        schema: history.Renewals,
        about: 'Renewals of a lease, as the registry received them.',
      },
      HistoryChange: {
        schema: history.HistoryChange,
        about: 'A changed record, complete before and after; null if there was none.',
      },
      HistoryEntry: {
        schema: history.HistoryEntry,
        about: 'A revision, with its changes that match the query.',
      },
      HistoryPage: {
        schema: history.HistoryPage,
        about: 'A page of the history, newest first.',
        notes: { next: 'Value of `after` for the next page; also present on empty pages.' },
      },
      WhyReport: {
        schema: history.WhyReport,
        parts: ['HistoryPage'],
        about: 'History and state of an instance, with the reasons.',
      },
      Moment: { schema: history.MomentView, about: 'A point in the history.' },
      ServiceDiff: {
        schema: history.ServiceDiff,
        about: 'Differences of a service between two points in time.',
        notes: { next: 'Value of `after` for the next page, with the cursor in `to` as `to`.' },
      },
      RollbackReport: { schema: history.RollbackReport, about: 'Result of a rollback.' },
    },
  },
  'directory-answers': {
    about: 'Requests and responses about namespaces, tokens and the audit trail.',
    types: {
      Placement: {
        schema: namespace.Placement,
        about: 'Placement of the Durable Object of a namespace, decided once.',
      },
      Retention: {
        schema: namespace.RetentionSettings,
        about: 'Retention of the history, up to the bound that is reached first.',
      },
      NamespaceLimits: {
        schema: namespace.NamespaceLimits,
        about: 'Limits of a namespace, if they are below those of the registry.',
        notes: { perToken: 'Limits of each token.' },
      },
      NamespaceIntervals: {
        schema: namespace.NamespaceIntervals,
        about: 'Intervals for clients that follow the registry, in milliseconds.',
      },
      Namespace: { schema: namespace.NamespaceView, about: 'A namespace with its settings.' },
      NamespaceList: { schema: namespace.NamespaceList, about: 'A page of namespaces.', notes: NEXT },
      NamespaceBody: { io: 'input', schema: namespace.NamespaceDefinition, about: 'A namespace to create.' },
      NamespacePatchBody: {
        io: 'input',
        schema: namespace.NamespacePatch,
        about: 'A change of a namespace: each member is replaced as a whole, and null removes it.',
      },
      Stats: {
        schema: Stats,
        about: 'Contents of a namespace, and counters of its work and cost since its process started.',
      },
      Grant: { schema: Grant, about: 'A permission of a token: a scope, and where it applies.' },
      Token: { schema: token.TokenView, about: 'A token, without its secret.' },
      IssuedToken: {
        schema: token.IssuedToken,
        parts: ['Token'],
        about: 'A token with its secret, which is shown only once.',
      },
      TokenList: { schema: token.TokenList, about: 'A page of tokens, sorted by id.', notes: NEXT },
      TokenBody: { io: 'input', schema: token.TokenRequest, about: 'A token to create.' },
      Ticket: {
        schema: token.Ticket,
        about: 'A secret that replaces a token once, for one socket or stream.',
      },
      AuditAction: { schema: audit.AuditAction, about: 'An audited action.' },
      AuditEntry: {
        schema: audit.AuditEntry,
        about: 'An entry of the audit trail: actor, action, time and address.',
        notes: { actor: 'Id of the token.', outcome: '`begun`: the outcome is not known yet.' },
      },
      AuditTrail: { schema: audit.AuditTrail, about: 'A page of the audit trail, newest first.', notes: NEXT },
    },
  },
  'transfer-answers': {
    about: 'Responses to an export and an import.',
    types: {
      FileCounts: { schema: RecordCounts, about: 'Number of records in a file, as counted in its last line.' },
      ImportMode: {
        schema: transfer.ImportMode,
        about: 'Mode of an import: `merge` keeps records that are not in the file, `replace` removes them.',
      },
      ImportDifference: {
        schema: transfer.ImportDifference,
        about: 'A record that an import would add, change or remove.',
      },
      ImportProgress: { schema: transfer.ImportProgress, about: 'Progress of an import, in records.' },
      ImportDone: { schema: transfer.ImportDone, about: 'Result of an import, or of a dry run.' },
      TransferFailed: {
        schema: transfer.TransferFailed,
        about: 'A failure in the middle of a transfer. An import that has started continues on its own.',
      },
    },
  },
};

/** Returns the text of each generated file of src/client/wire, by its name. Not formatted yet. */
export const clientTypes = (): Map<string, string> => declarationsOf(FILES);
