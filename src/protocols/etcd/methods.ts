import type { DescMessage, DescMethod, Message, MessageShape } from '@bufbuild/protobuf';
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from '../../codecs/etcd/messages/rpc_pb';
import { Election } from '../../codecs/etcd/messages/v3election_pb';
import { Lock } from '../../codecs/etcd/messages/v3lock_pb';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { RegistryError } from '../../model/errors';
import { ETCD_STREAM_BACKLOG_COUNT } from '../../model/limits';
import { alarms, defragment, hash, hashKv, memberList, status } from './cluster';
import { campaign, leaderOf, observe, proclaim, resign } from './elections';
import type { EtcdCall, StreamInput, StreamOutput } from './etcd-call';
import { compact, deleteKeys, putKey } from './keys';
import { grantLease, keepAlive, listLeases, revokeLease, timeToLive } from './leases';
import { acquireLock, releaseLock } from './locks';
import { readRange } from './ranges';
import { carryOutTxn } from './transactions';
import { authStatus, refuseUsers, roleGet, roleList, userGet, userList } from './users';
import { WatchStream } from './watch-stream';

/** A method of etcd's API, for any transport. */
export type EtcdMethod = {
  /** Its service, name and messages. */
  readonly method: DescMethod;
  /** Paths below the version of etcd's JSON gateway. */
  readonly paths: readonly string[];
} & (
  | {
      readonly kind: 'unary';
      /** True if it may wait as long as its client does. */
      readonly waits: boolean;
      answer(call: EtcdCall, request: Message): Promise<Message>;
    }
  | {
      readonly kind: 'stream';
      /** True if the stream ends once all requests are answered. */
      readonly endsWithInput: boolean;
      open(call: EtcdCall, output: StreamOutput): StreamInput;
    }
);

/** A method with any number of messages in at least one direction. */
export type EtcdStreamMethod = Extract<EtcdMethod, { kind: 'stream' }>;

type Shape<Desc extends DescMessage> = MessageShape<Desc>;

/** A method as a service describes it, with the types of its messages. */
interface Typed<Input extends DescMessage, Output extends DescMessage> extends DescMethod {
  readonly input: Input;
  readonly output: Output;
}

function unary<Input extends DescMessage, Output extends DescMessage>(
  method: Typed<Input, Output>,
  path: string | readonly string[],
  answer: (call: EtcdCall, request: Shape<Input>) => Promise<Shape<Output>> | Shape<Output>,
  waits = false,
): EtcdMethod {
  return {
    kind: 'unary',
    method,
    paths: [path].flat(),
    waits,
    // `as`: a transport decodes requests by the method's own description.
    answer: async (call, request) => answer(call, request as Shape<Input>),
  };
}

function stream<Input extends DescMessage, Output extends DescMessage>(
  method: Typed<Input, Output>,
  path: string,
  open: (call: EtcdCall, output: StreamOutput<Shape<Output>>) => StreamInput<Shape<Input>>,
  endsWithInput = false,
): EtcdMethod {
  return {
    kind: 'stream',
    method,
    paths: [path],
    endsWithInput,
    // `as`: as above, and for responses the other way round.
    open: open as (call: EtcdCall, output: StreamOutput) => StreamInput,
  };
}

const refused = <Input extends DescMessage, Output extends DescMessage>(
  method: Typed<Input, Output>,
  path: string,
  error: () => RegistryError,
): EtcdMethod =>
  unary(method, path, () => {
    throw error();
  });

const kv = KV.method;
const lease = Lease.method;
const cluster = Cluster.method;
const maintenance = Maintenance.method;
const auth = Auth.method;
const lock = Lock.method;
const election = Election.method;

/** All methods of etcd's API but `Authenticate`, which comes before there is a caller. */
export const ETCD_METHODS: readonly EtcdMethod[] = [
  unary(kv.range, 'kv/range', ({ namespace }, request) => readRange(namespace, request)),
  unary(kv.put, 'kv/put', ({ namespace }, request) => putKey(namespace, request)),
  unary(kv.deleteRange, 'kv/deleterange', ({ namespace }, request) => deleteKeys(namespace, request)),
  unary(kv.txn, 'kv/txn', ({ namespace }, request) => carryOutTxn(namespace, request)),
  unary(kv.compact, 'kv/compaction', ({ namespace }, request) => compact(namespace, request)),

  stream(Watch.method.watch, 'watch', openWatch),

  unary(lease.leaseGrant, 'lease/grant', ({ namespace }, request) => grantLease(namespace, request)),
  unary(lease.leaseRevoke, ['lease/revoke', 'kv/lease/revoke'], ({ namespace }, request) =>
    revokeLease(namespace, request),
  ),
  stream(lease.leaseKeepAlive, 'lease/keepalive', openKeepAlive, true),
  unary(lease.leaseTimeToLive, ['lease/timetolive', 'kv/lease/timetolive'], ({ namespace }, request) =>
    timeToLive(namespace, request),
  ),
  unary(lease.leaseLeases, ['lease/leases', 'kv/lease/leases'], ({ namespace }) => listLeases(namespace)),

  unary(lock.lock, 'lock/lock', ({ namespace, signal }, request) => acquireLock(namespace, request, signal), true),
  unary(lock.unlock, 'lock/unlock', ({ namespace }, request) => releaseLock(namespace, request)),
  unary(
    election.campaign,
    'election/campaign',
    ({ namespace, signal }, request) => campaign(namespace, request, signal),
    true,
  ),
  unary(election.proclaim, 'election/proclaim', ({ namespace }, request) => proclaim(namespace, request)),
  unary(election.leader, 'election/leader', ({ namespace }, request) => leaderOf(namespace, request)),
  stream(election.observe, 'election/observe', openObserve),
  unary(election.resign, 'election/resign', ({ namespace }, request) => resign(namespace, request)),

  unary(cluster.memberList, 'cluster/member/list', ({ namespace, clientUrl }) => memberList(namespace, clientUrl)),
  refused(cluster.memberAdd, 'cluster/member/add', ETCD_ERRORS.notCapable),
  refused(cluster.memberRemove, 'cluster/member/remove', ETCD_ERRORS.notCapable),
  refused(cluster.memberUpdate, 'cluster/member/update', ETCD_ERRORS.notCapable),
  refused(cluster.memberPromote, 'cluster/member/promote', ETCD_ERRORS.notCapable),

  unary(maintenance.status, 'maintenance/status', ({ namespace }) => status(namespace)),
  unary(maintenance.alarm, 'maintenance/alarm', ({ namespace }) => alarms(namespace)),
  unary(maintenance.defragment, 'maintenance/defragment', ({ namespace }) => defragment(namespace)),
  unary(maintenance.hash, 'maintenance/hash', ({ namespace }) => hash(namespace)),
  unary(maintenance.hashKV, 'maintenance/hashkv', ({ namespace }, { revision }) => hashKv(namespace, revision)),
  stream(maintenance.snapshot, 'maintenance/snapshot', refuseSnapshot),
  refused(maintenance.moveLeader, 'maintenance/transfer-leadership', ETCD_ERRORS.badTransferee),
  refused(maintenance.downgrade, 'maintenance/downgrade', ETCD_ERRORS.notCapable),

  unary(auth.authStatus, 'auth/status', authStatus),
  unary(auth.userList, 'auth/user/list', userList),
  unary(auth.userGet, 'auth/user/get', (call, { name }) => userGet(call, name)),
  unary(auth.roleList, 'auth/role/list', roleList),
  unary(auth.roleGet, 'auth/role/get', (call, { role }) => roleGet(call, role)),
  refused(auth.authEnable, 'auth/enable', refuseUsers),
  refused(auth.authDisable, 'auth/disable', refuseUsers),
  refused(auth.userAdd, 'auth/user/add', refuseUsers),
  refused(auth.userDelete, 'auth/user/delete', refuseUsers),
  refused(auth.userChangePassword, 'auth/user/changepw', refuseUsers),
  refused(auth.userGrantRole, 'auth/user/grant', refuseUsers),
  refused(auth.userRevokeRole, 'auth/user/revoke', refuseUsers),
  refused(auth.roleAdd, 'auth/role/add', refuseUsers),
  refused(auth.roleDelete, 'auth/role/delete', refuseUsers),
  refused(auth.roleGrantPermission, 'auth/role/grant', refuseUsers),
  refused(auth.roleRevokePermission, 'auth/role/revoke', refuseUsers),
];

function openWatch({ namespace }: EtcdCall, output: StreamOutput<Shape<(typeof Watch.method.watch)['output']>>) {
  const watches = new WatchStream(namespace, {
    send: (response) => output.send(response),
    fail: (error) => output.end(error),
  });
  return {
    take: (request: Shape<(typeof Watch.method.watch)['input']>) => watches.take(request),
    // Watches go on until the client leaves, as in etcd.
    finish: () => {},
    pause: () => watches.pause(),
    resume: () => watches.resume(),
    close: () => watches.close(),
  };
}

/** Answers in the order of the requests, although the registry may answer several at once. */
function openKeepAlive(
  { namespace }: EtcdCall,
  output: StreamOutput<Shape<(typeof Lease.method.leaseKeepAlive)['output']>>,
): StreamInput<Shape<(typeof Lease.method.leaseKeepAlive)['input']>> {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const failed = (error: unknown) => output.end(toRegistryError(error));
  return {
    take: (request) => {
      const renewal = keepAlive(namespace, request);
      const before = last;
      waiting += 1;
      last = renewal
        .then((response) => before.then(() => output.send(response)))
        .finally(() => {
          waiting -= 1;
        });
      const handled = last.catch(failed);
      return waiting > ETCD_STREAM_BACKLOG_COUNT ? handled : undefined;
    },
    finish: () => void last.then(() => output.end(), failed),
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
}

function openObserve(
  { namespace, signal }: EtcdCall,
  output: StreamOutput<Shape<typeof election.observe.output>>,
): StreamInput<Shape<typeof election.observe.input>> {
  const closed = new AbortController();
  const over = AbortSignal.any([signal, closed.signal]);
  return {
    take: (request) => {
      observe(namespace, request, over, (response) => output.send(response)).then(
        () => output.end(),
        (error: unknown) => output.end(toRegistryError(error)),
      );
    },
    finish: () => {},
    pause: () => {},
    resume: () => {},
    close: () => closed.abort(),
  };
}

/** The bytes of a snapshot are the file of etcd's own storage. */
function refuseSnapshot(_call: EtcdCall, output: StreamOutput): StreamInput<Message> {
  const message =
    "rollcall: a snapshot has the format of etcd's own files; copy a registry with `rollcall backup`, or its namespace with `rollcall export`";
  return {
    take: () => output.end(ETCD_ERRORS.unimplemented(message)),
    finish: () => {},
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
}

/** Returns a thrown value as an error for a client. */
export function toRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  return new RegistryError('INTERNAL', 'an unexpected error occurred', {}, { cause: error });
}
