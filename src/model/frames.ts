import * as z from 'zod';
import { Batch, plainOperations } from './batch';
import { EntryContent, EntryView, keyed } from './entry';
import { EntryCompaction } from './entry-compaction';
import { isPlainObject, withFastPath } from './fast-path';
import { LeaseDoor, LeaseGrantRequest, LeaseRenewals } from './granted-lease';
import { InstanceView } from './instance';
import { KeyScope } from './key-scope';
import { LeaseId } from './lease';
import { LEASE_TTL_MAX_MS, LEASE_TTL_MIN_MS, PAGE_MAX_COUNT, WATCH_SCOPE_NAMES_MAX_COUNT } from './limits';
import { ClusterName, ShortName, StoredGroupName, StoredServiceName } from './names';
import { ServiceSummary } from './service';
import { splitName } from './service-name';
import { TransactionBody } from './transaction-body';

/** Name of the WebSocket subprotocol. */
export const SOCKET_PROTOCOL = 'rollcall.v1';

/** Keep-alive texts of a client and the reply to them. The platform replies, so pings do not wake the registry. */
export const PING = 'ping';
export const PONG = 'pong';

/** Application-defined close codes. 4000 ends the session cleanly; all others leave its lease running. */
export const CLOSE_CODES = {
  /** The client ends its session; its instances are removed immediately. */
  sessionEnded: 4000,
  /** Another socket resumed the session. */
  superseded: 4001,
  /** The first frame, or the socket itself, was invalid. */
  protocolError: 4002,
  /** The token was revoked or has expired. */
  unauthorized: 4003,
  /** The namespace has been deleted. */
  namespaceGone: 4005,
  /** The session of this socket expired and its instances are gone: open a new one. */
  sessionLapsed: 4004,
  /** The client reads too slowly: no credit left, and too much pending output. Resume by cursor. */
  slowConsumer: 4008,
  /** Reconnect later: the reason gives a time in milliseconds. */
  tryAgain: 4009,
  /** Frames arrived faster than they were handled. Reconnect, and wait for answers before sending more. */
  overloaded: 4010,
} as const;

/** Id of a watch or a request, chosen by the client. */
const ClientName = z.string().min(1).max(32);

/** Name of a service: `orders` in the default group, or `group@@orders`. */
export const ServiceRef = z
  .string()
  .transform(splitName)
  .pipe(z.object({ group: StoredGroupName, service: StoredServiceName }));

/** Scope of a watch: all services of the namespace, or the listed groups, services and keys of entries. */
export const WatchScope = z.strictObject({
  groups: z.array(StoredGroupName).max(WATCH_SCOPE_NAMES_MAX_COUNT).default([]),
  services: z.array(ServiceRef).max(WATCH_SCOPE_NAMES_MAX_COUNT).default([]),
  keys: z.array(KeyScope).max(WATCH_SCOPE_NAMES_MAX_COUNT).optional(),
});
/** Empty in all members: all services of the namespace, and no entries. */
export type WatchScope = z.output<typeof WatchScope>;

const request = { id: ClientName.meta({ description: 'Repeated in the answer' }) };
const Cursor = z.string().max(128);

/** Id of a frame that expects an answer, readable even if the rest of the frame is invalid. */
export const FrameId = z.object({ id: ClientName });

const AnyFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('session'),
    ...request,
    session: z.string().max(64).optional().meta({ description: 'Id of the session to resume; absent: a new one' }),
    ttlMs: z.int().min(LEASE_TTL_MIN_MS).max(LEASE_TTL_MAX_MS).optional(),
  }),
  z.strictObject({ type: z.literal('batch'), ...request, ...Batch.shape }),
  z.strictObject({ type: z.literal('transaction'), ...request, transaction: TransactionBody }),
  z.strictObject({ type: z.literal('grant-lease'), ...request, ...LeaseGrantRequest.shape }),
  z.strictObject({ type: z.literal('renew-leases'), ...request, ...LeaseRenewals.shape }),
  z.strictObject({ type: z.literal('read-lease'), ...request, lease: LeaseId, door: LeaseDoor.optional() }),
  z.strictObject({ type: z.literal('revoke-lease'), ...request, lease: LeaseId, door: LeaseDoor.optional() }),
  z.strictObject({
    type: z.literal('list-leases'),
    ...request,
    door: LeaseDoor.optional(),
    after: LeaseId.optional().meta({ description: 'The `next` of the previous page' }),
    limit: z.int().min(1).max(PAGE_MAX_COUNT).optional(),
  }),
  z.strictObject({ type: z.literal('compact-entries'), ...request, ...EntryCompaction.shape }),
  z
    .strictObject({
      type: z.literal('watch'),
      ...request,
      watch: ClientName,
      scope: WatchScope,
      cursor: Cursor.optional().meta({ description: 'Cursor to resume from; absent: a snapshot first' }),
      afterRevision: z.int().min(0).optional().meta({
        description:
          'In place of `cursor`: only changes after this revision, and never a snapshot. One beyond the newest revision counts as the newest',
      }),
      fromNow: z.literal(true).optional().meta({
        description: 'In place of `cursor`: only changes after the newest revision, and never a snapshot',
      }),
      observer: z.boolean().optional().meta({ description: 'No drain waits for this watch' }),
      counts: z.boolean().optional().meta({ description: 'Frames of changes have the counts of their services' }),
      previous: z.boolean().optional().meta({ description: 'Changes of entries have the entry before them, too' }),
    })
    .refine(
      ({ cursor, afterRevision, fromNow }) => {
        return [cursor, afterRevision, fromNow].filter((each) => each !== undefined).length <= 1;
      },
      { message: 'give only one of cursor, afterRevision and fromNow', path: ['cursor'] },
    ),
  z.strictObject({ type: z.literal('unwatch'), ...request, watch: ClientName }),
  z.strictObject({ type: z.literal('sync'), ...request, watch: ClientName }),
  z.strictObject({
    type: z.literal('resolve'),
    ...request,
    service: ServiceRef,
    cluster: ClusterName.optional(),
    tag: ShortName.optional(),
    limit: z.int().min(1).optional(),
  }),
  z.strictObject({ type: z.literal('ack'), watch: ClientName, cursor: Cursor }),
  z.strictObject({
    type: z.literal('credit'),
    bytes: z.int().min(1),
    mark: z.string().max(64).optional().meta({ description: 'The last `mark` that was received, if any' }),
  }),
  z.strictObject({ type: z.literal('end') }),
]);

const BATCH_FRAME_MEMBERS: ReadonlySet<string> = new Set(['type', 'id', 'operations']);

/** Any frame of a client. The operations of a batch, the largest part of most large frames, have a fast path. */
export const ClientFrame = withFastPath(AnyFrame, (value) => {
  if (!isPlainObject(value) || value.type !== 'batch') return undefined;
  for (const member in value) if (!BATCH_FRAME_MEMBERS.has(member)) return undefined;
  const id = ClientName.safeParse(value.id);
  const operations = id.success ? plainOperations(value.operations) : undefined;
  return operations && id.success ? { type: 'batch' as const, id: id.data, operations } : undefined;
});
export type ClientFrame = z.output<typeof ClientFrame>;

/** The definition of a service, without its instances, as watchers see it. */
export const WatchedService = z.object({
  group: z.string(),
  name: z.string(),
  persistent: z.boolean().meta({ description: 'Created explicitly: it remains after its last instance is removed' }),
  metadata: z.record(z.string(), z.string()),
  protectThreshold: z.number(),
  selector: z.object({ type: z.string(), expression: z.string() }).optional(),
  revision: z.int().meta({ description: 'Revision of its definition; 0 if it has none' }),
});
export type WatchedService = z.output<typeof WatchedService>;

/** A service in a snapshot. A large one continues in the next part. */
export const SnapshotService = WatchedService.extend({ instances: z.array(InstanceView) });
export type SnapshotService = z.output<typeof SnapshotService>;

const named = { group: z.string(), service: z.string(), id: z.string() };

/** All services with all their instances, or a part of them. A service may continue in the next part. */
export const NamespaceSnapshot = z.object({
  services: z.array(SnapshotService),
  next: z.string().optional().meta({ description: 'There is more: pass it as `after` to continue' }),
});
export type NamespaceSnapshot = z.output<typeof NamespaceSnapshot>;

const before = EntryContent.nullable().optional().meta({
  description:
    'The entry before the change, null if there was none; only if the watch asked for it, and the revision has no more than 32 MiB of them',
});

/** One change of an instance or a service: in its current state, or the name of a deleted one. */
export const WatchedRecord = z.union([
  z.object({ type: z.literal('put'), kind: z.literal('instance'), ...named, after: InstanceView }),
  z.object({ type: z.literal('put'), kind: z.literal('service'), ...named, after: WatchedService }),
  z.object({ type: z.literal('delete'), kind: z.enum(['instance', 'service']), ...named }),
]);

/** One change of an entry, in its current state, or the key of a deleted one. */
export const WatchedEntry = z.union([
  z.object({ type: z.literal('put'), kind: z.literal('entry'), ...keyed, after: EntryContent, before }),
  z.object({ type: z.literal('delete'), kind: z.literal('entry'), ...keyed, before }),
]);

/** One change that a watcher applies. */
export const WatchedChange = z.union([WatchedRecord, WatchedEntry]);
export type WatchedChange = z.output<typeof WatchedChange>;

const watchFrame = { watch: z.string(), cursor: z.string() };
const asOf = z.int().meta({
  description:
    'Revision of the content. A receiver ignores records that it already has at this revision or a later one.',
});
const part = {
  part: z.int().optional().meta({ description: 'Index of the part, from 0, if the frame is split into parts' }),
  last: z.boolean().optional().meta({ description: 'True in the last part; only then is the cursor valid' }),
};

/** Frames that a server sends over a socket; over an event stream, those with a `watch` are events by their type. */
export const ServerFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('answer'), id: z.string(), body: z.unknown() }),
  z.object({
    type: z.literal('error'),
    id: z.string().optional(),
    code: z.string(),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    compactedRevision: z.int().optional().meta({
      description: 'With `COMPACTED`: revision from which on the history of entries is complete',
    }),
  }),
  z.object({
    type: z.literal('snapshot'),
    ...watchFrame,
    ...part,
    revision: asOf,
    services: z.array(SnapshotService),
    entries: z.array(EntryView).optional().meta({ description: 'Only if the scope has keys' }),
  }),
  z.object({
    type: z.literal('changes'),
    ...watchFrame,
    ...part,
    revision: asOf,
    cause: z.string(),
    actor: z.string(),
    at: z.iso.datetime(),
    changes: z.array(WatchedChange),
    counts: z.array(ServiceSummary).optional().meta({
      description: 'Services of the changes, counted as of this revision; only if the watch asked for counts',
    }),
  }),
  z.object({ type: z.literal('bookmark'), ...watchFrame }),
  z.object({
    type: z.literal('reset'),
    watch: z.string(),
    reason: z.string(),
    ended: z.literal(true).optional().meta({
      description: 'The watch has ended, as it never has a snapshot; absent: a snapshot follows',
    }),
    compactedRevision: z.int().optional().meta({
      description: 'If it has ended: revision from which on the history of entries is complete',
    }),
  }),
  z.object({
    type: z.literal('mark'),
    mark: z.string().meta({ description: 'Return it in a `credit` frame to show that everything before it was read' }),
  }),
]);
export type ServerFrame = z.output<typeof ServerFrame>;

/** Body of the answer to a `watch` frame. */
export const WatchBegun = z.object({
  reconnectWithinMs: z.int(),
  cursor: z.string().optional().meta({
    description: 'Position at which the watch begins: all changes after it follow. Absent if a snapshot does',
  }),
  revision: z.int().optional().meta({ description: 'Newest revision of the namespace; only with `cursor`' }),
});
export type WatchBegun = z.output<typeof WatchBegun>;

/** Body of the answer to a `session` frame. */
export const SessionOpened = z.object({
  session: z.string().meta({ description: 'Secret: any client that knows it can resume the session' }),
  resumed: z.boolean(),
  ttlMs: z.int(),
  pingIntervalMs: z
    .int()
    .meta({ description: 'Interval at which to send `ping` as a text message; the reply is `pong`' }),
  reconnectWithinMs: z
    .int()
    .meta({ description: 'If the socket breaks, reconnect after a random delay of at most this' }),
});
export type SessionOpened = z.output<typeof SessionOpened>;
