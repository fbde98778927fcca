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
 * The types of the client that the schemas already say, file by file of src/client/wire. Whoever installs the client has
 * no zod, so they are written out. What a description is missing, or says to readers of the HTTP API, is in the notes.
 */

const { options: frameOptions } = frames.ServerFrame;

/** Of a frame, what a watch hands on: without the name of the watch, and whole. */
const snapshotFrame = frameOptions[2].omit({ watch: true, part: true, last: true });
const changesFrame = frameOptions[3].omit({ watch: true, part: true, last: true });
const bookmarkFrame = frameOptions[4].omit({ watch: true });
const resetFrame = frameOptions[5].omit({ watch: true });

const NEXT = { next: 'Goes on from here, as `after`.' };

const FILES: Record<string, WrittenFile> = {
  instance: {
    about: 'What the registry says of instances.',
    types: {
      InstanceStatus: { schema: instance.InstanceStatus, about: 'What an instance says of itself.' },
      NamedPort: {
        schema: instance.InstanceView.shape.ports.valueType,
        about: 'A further port of an instance.',
        notes: { secure: 'True: it speaks TLS.' },
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
          ttlMs: 'Silent for so long, the instance is unhealthy.',
          removeAfterMs: 'Silent for so long, it is gone; null: never.',
          intervalMs: 'How often to renew.',
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
    about: 'What callers send about instances and services.',
    types: {
      InstanceBody: {
        io: 'input',
        schema: instance.InstanceDefinition,
        about: 'An instance as it describes itself, beside its names.',
        notes: { weight: 'Share of traffic; default 1, and 0 means none.' },
      },
      InstancePatch: {
        io: 'input',
        schema: instance.InstancePatch,
        about: 'A change: metadata is a merge patch, where null takes an entry out; tags replace.',
      },
      OverrideBody: {
        io: 'input',
        schema: Override,
        about: 'What an operator sets on an instance: merged over what the instance says.',
      },
      ServiceBody: { io: 'input', schema: service.ServiceDefinition, about: 'What a service has of its own.' },
      ServicePatchBody: {
        io: 'input',
        schema: service.ServicePatch,
        about: 'A change of what a service has: metadata is a merge patch, `selector: null` removes it.',
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
    about: 'What the API answers about instances and services.',
    types: {
      Warning: {
        schema: instance.Warning,
        about: 'Something that looks like a mistake, in the answer to a registration.',
      },
      Registered: {
        schema: instance.Registration,
        parts: ['Instance'],
        about: 'Answer to a registration.',
        notes: { expiresAt: 'RFC 3339; null without a lease.' },
      },
      Renewal: {
        schema: instance.Renewal,
        about: 'Answer to a heartbeat.',
        notes: {
          expiresAt: 'When it ends unless it is renewed before, RFC 3339.',
          revision: 'Of the registration that was renewed.',
        },
      },
      InstanceName: { schema: batch.HeartbeatReport.shape.unknown.element, about: 'Names an instance.' },
      HeartbeatReport: {
        schema: batch.HeartbeatReport,
        about: 'Answer to a heartbeat for many.',
        notes: { unknown: 'Those that have to register again.' },
      },
      InstanceList: {
        schema: queries.InstanceList,
        about: 'A page of instances, in the order of their ids.',
        notes: { ...NEXT, protectThreshold: 'Of the service, where it has one above 0; not in lists of the past.' },
      },
      Endpoint: { schema: queries.Endpoint, about: 'One endpoint, ready to use.' },
      Resolution: { schema: queries.Resolution, about: 'Endpoints of a service that take traffic.' },
      DrainReport: {
        schema: queries.DrainReport,
        about: 'What a drain came to.',
        notes: {
          drained: 'Every subscriber has acknowledged that the instance takes no traffic.',
          laggards: 'Those who have not acknowledged in time.',
          blind: "Those who read without subscribing, by kind; they can't acknowledge.",
        },
      },
      ServiceSummary: { schema: service.ServiceSummary, about: 'A line in the list of services.' },
      ServiceSelector: {
        schema: service.ServiceView.shape.selector.unwrap(),
        about: 'Which instances of which callers a service is meant for; kept for the dialects that know selectors.',
      },
      Service: {
        schema: service.ServiceView,
        parts: ['ServiceSummary'],
        about: 'One service with what it has of its own.',
      },
      ServiceList: {
        schema: service.ServiceList,
        about: 'A page of services, in the order of group and name.',
        notes: NEXT,
      },
      Override: { schema: OverrideView, about: 'What an operator set on an instance.' },
      OperationResult: {
        schema: batch.OperationResult,
        about: 'What became of one operation of a batch.',
        notes: { revision: 'Of the record after it; null where it is gone.' },
      },
      BatchReport: { schema: batch.BatchReport, about: 'Answer to a batch.' },
      Subscriber: { schema: subscriber.SubscriberView, about: 'A client that watches a service, or polls it by name.' },
      SubscriberList: {
        schema: subscriber.SubscriberList,
        about: 'A page of the subscribers of a service.',
        notes: NEXT,
      },
    },
  },
  frames: {
    about: 'What a watch tells.',
    types: {
      WatchedService: {
        schema: frames.WatchedService,
        about: 'What a service has of its own, as watchers see it.',
        notes: {
          protectThreshold: 'Share of healthy instances below which callers no longer ask for health; 0: never.',
        },
      },
      SnapshotService: { schema: frames.SnapshotService, parts: ['WatchedService'], about: 'A service in a snapshot.' },
      WatchedChange: {
        schema: frames.WatchedChange,
        about:
          'One change: a record as it is now, or the name of one that is gone. `id` is empty where it is a service.',
      },
      SnapshotFrame: {
        schema: snapshotFrame,
        about: 'All there is: replace what you have.',
      },
      ChangesFrame: {
        schema: changesFrame,
        about: 'One revision, whole: apply each change.',
        notes: {
          cause: 'Why, such as `registered`, `updated`, `deregistered`, `expired`.',
          actor: 'Id of the token, or `registry`.',
          at: 'When, RFC 3339.',
        },
      },
      BookmarkFrame: {
        schema: bookmarkFrame,
        about: 'Nothing here changed, and the namespace moved on: remember the cursor.',
      },
      ResetFrame: {
        schema: resetFrame,
        about: 'Throw away what you have; a snapshot follows.',
        notes: {
          reason: '`compacted`: the cursor is too old. `unknown`: it is of another past, such as before a restore.',
        },
      },
      WatchFrame: {
        schema: z.union([snapshotFrame, changesFrame, bookmarkFrame, resetFrame]),
        about:
          'What a watch tells: a snapshot first, or what follows the cursor it began with; then every change, in order.',
      },
    },
  },
  'history-answers': {
    about: 'What the API answers about the past.',
    types: {
      Cause: { schema: history.Cause, about: 'Why something changed.' },
      RegisteredInstance: {
        schema: history.RegisteredInstance,
        about:
          'An instance as it registered itself, with its health: what operators say about it is a record of its own.',
      },
      Renewals: {
        schema: history.Renewals,
        about: 'How an instance kept its lease alive, as far as the registry heard.',
      },
      HistoryChange: {
        schema: history.HistoryChange,
        about: 'One record that changed, whole before and after; null where there was none.',
      },
      HistoryEntry: {
        schema: history.HistoryEntry,
        about: 'A revision, with those of its changes that were asked for.',
      },
      HistoryPage: {
        schema: history.HistoryPage,
        about: 'A page of the past, newest first.',
        notes: { next: 'Goes on from here, as `after`, also where a page has no entries.' },
      },
      WhyReport: { schema: history.WhyReport, parts: ['HistoryPage'], about: 'What became of an instance, and why.' },
      Moment: { schema: history.MomentView, about: 'A moment of the past.' },
      ServiceDiff: {
        schema: history.ServiceDiff,
        about: 'What is different of a service between two moments.',
        notes: { next: 'Goes on from here, as `after`, with `to` as the cursor in `to`.' },
      },
      RollbackReport: { schema: history.RollbackReport, about: 'What a rollback has done.' },
    },
  },
  'directory-answers': {
    about: 'What the API takes and answers about namespaces, tokens and the audit trail.',
    types: {
      Placement: {
        schema: namespace.Placement,
        about: 'Where the object of a namespace lives, decided once.',
      },
      Retention: {
        schema: namespace.RetentionSettings,
        about: 'How much of its past a namespace keeps, up to the bound that is met first.',
      },
      NamespaceLimits: {
        schema: namespace.NamespaceLimits,
        about: 'What a namespace takes, where that is less than the registry does.',
        notes: { perToken: 'The same for each token.' },
      },
      NamespaceIntervals: {
        schema: namespace.NamespaceIntervals,
        about: 'How often clients come, where they follow the registry; in milliseconds.',
      },
      Namespace: { schema: namespace.NamespaceView, about: 'What a namespace is set to.' },
      NamespaceList: { schema: namespace.NamespaceList, about: 'A page of namespaces.', notes: NEXT },
      NamespaceBody: { io: 'input', schema: namespace.NamespaceDefinition, about: 'A namespace to be made.' },
      NamespacePatchBody: {
        io: 'input',
        schema: namespace.NamespacePatch,
        about: 'A change of a namespace: each member is replaced as a whole, and null takes it away.',
      },
      Stats: {
        schema: Stats,
        about: 'What a namespace holds, and what it has done and cost since its process started.',
      },
      Grant: { schema: Grant, about: 'One thing that a token is good for, and where.' },
      Token: { schema: token.TokenView, about: 'A token, without its secret.' },
      IssuedToken: {
        schema: token.IssuedToken,
        parts: ['Token'],
        about: 'A token with its secret, as it is shown this once.',
      },
      TokenList: { schema: token.TokenList, about: 'A page of tokens, in the order of their ids.', notes: NEXT },
      TokenBody: { io: 'input', schema: token.TokenRequest, about: 'A token to be made.' },
      Ticket: {
        schema: token.Ticket,
        about: 'What can be used once, in the place of a token, for one socket or stream.',
      },
      AuditAction: { schema: audit.AuditAction, about: 'What was done to the registry by people.' },
      AuditEntry: {
        schema: audit.AuditEntry,
        about: 'Who did what, when, and from where.',
        notes: { actor: 'Id of the token.', outcome: '`begun`: it is not known yet how it ended.' },
      },
      AuditTrail: { schema: audit.AuditTrail, about: 'A page of the audit trail, newest first.', notes: NEXT },
    },
  },
  'transfer-answers': {
    about: 'What the API answers to an export and an import.',
    types: {
      FileCounts: { schema: RecordCounts, about: 'How many records a file has, as its last line counts them.' },
      ImportMode: {
        schema: transfer.ImportMode,
        about: 'How an import takes what is there: `merge` leaves what is not in the file, `replace` removes it.',
      },
      ImportDifference: {
        schema: transfer.ImportDifference,
        about: 'A record that an import would add, change or remove.',
      },
      ImportProgress: { schema: transfer.ImportProgress, about: 'How far an import has come, in records.' },
      ImportDone: { schema: transfer.ImportDone, about: 'What an import has done, or would do.' },
      TransferFailed: {
        schema: transfer.TransferFailed,
        about: 'What came in between. An import that had begun to be applied goes on by itself.',
      },
    },
  },
};

/** Returns the text of each file of src/client/wire that is written, by its name. Not formatted yet. */
export const clientTypes = (): Map<string, string> => declarationsOf(FILES);
