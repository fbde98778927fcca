import { operatesOn } from '../../core/namespace/access/ownership';
import type { DirectoryApi, NamespaceControl } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import {
  CALL_REPEAT_TOKENS_MAX_COUNT,
  CALL_REPEAT_WITHIN_MS,
  CALL_REPEATS_WINDOW_MS,
  CHANGE_REPEATS_MAX_COUNT,
  READ_REPEATS_MAX_COUNT,
} from '../../model/limits';
import type { NamespaceApi, RegisterCommand } from '../../model/namespace-api';
import {
  type Callable,
  type CalledNamespace,
  type CalledObject,
  openOutcome,
  openValue,
  sealAsked,
  sealRenewal,
  WIRE_VERSION,
} from './envelope';
import { isPreviousValue, openPreviousValue } from './previous-wire';

/** One call to an object. It throws a `RegistryError` if the object refuses; any other error is a failed call. */
export type RemoteCall<T, Called> = (object: Called) => Promise<T>;

/** Clock and randomness of retries; tests control both. */
export interface RepeatTime {
  /** Milliseconds, with any origin. */
  now(): number;
  /** From 0 to less than 1. */
  random(): number;
  sleep(ms: number): Promise<void>;
}

const PLATFORM_TIME: RepeatTime = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Calls one object, and retries some of the calls that fail.
 *
 * The platform itself retries a call that never reached its object, up to five times within 10 s. Calls that still fail
 * with a transient error, such as an object that restarts while it answers, are retried here after a random wait, a few
 * times and within a bounded time. Nothing is retried during a lasting outage, so retries don't multiply the load: each
 * failed attempt takes a token, each success returns a tenth of one, and below half the tokens no call is retried.
 *
 * Sources: Cloudflare's pages on Durable Object error handling (`retryable`, `overloaded`) and on automatic retries;
 * "full jitter" in AWS's article on exponential back-off; the retry throttling of gRPC (proposal A6).
 */
export class RemoteCalls<Called> {
  readonly #stub: () => Called;
  readonly #time: RepeatTime;
  #tokens = CALL_REPEAT_TOKENS_MAX_COUNT;

  /** @param stub Creates a new stub for each attempt, because a stub that has thrown stays broken. */
  constructor(stub: () => Called, time: RepeatTime = PLATFORM_TIME) {
    this.#stub = stub;
    this.#time = time;
  }

  /** Makes a call without retries, for changes. If it fails, the outcome is unknown and the caller must decide. */
  once<T>(call: RemoteCall<T, Called>): Promise<T> {
    return this.#call(call, 0);
  }

  /** Makes a call with retries, for changes that may safely happen twice within the retry window. */
  change<T>(call: RemoteCall<T, Called>): Promise<T> {
    return this.#call(call, CHANGE_REPEATS_MAX_COUNT);
  }

  read<T>(call: RemoteCall<T, Called>): Promise<T> {
    return this.#call(call, READ_REPEATS_MAX_COUNT);
  }

  async #call<T>(call: RemoteCall<T, Called>, repeats: number): Promise<T> {
    const lastAt = this.#time.now() + CALL_REPEATS_WINDOW_MS;
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await call(this.#stub());
        this.#tokens = Math.min(this.#tokens + 0.1, CALL_REPEAT_TOKENS_MAX_COUNT);
        return answer;
      } catch (error) {
        if (!isPassing(error)) throw toRegistryError(error);
        this.#tokens = Math.max(this.#tokens - 1, 0);
        const waitMs = this.#time.random() * CALL_REPEAT_WITHIN_MS * 2 ** tries;
        const isThrottled = this.#tokens < CALL_REPEAT_TOKENS_MAX_COUNT / 2;
        if (tries === repeats || isThrottled || this.#time.now() + waitMs > lastAt) throw toRegistryError(error);
        await this.#time.sleep(waitMs);
      }
    }
  }
}

/**
 * Creates the methods of an interface as calls to a remote object, in the format of envelope.ts. Each returned function
 * uses the method of {@link RemoteCalls} with the same name, which decides on retries.
 *
 * @param open Decodes an outcome; throws a refusal.
 */
export function remoteMethods<Api extends Callable<Api>>(
  calls: RemoteCalls<CalledObject<keyof Api & string>>,
  open: (outcome: string) => unknown,
) {
  const making =
    (repeats: 'once' | 'change' | 'read') =>
    <Method extends keyof Api & string>(method: Method) =>
    (...asked: Parameters<Api[Method]>): ReturnType<Api[Method]> => {
      const text = sealAsked(asked);
      const call = (object: CalledObject<Method>) => object.call(method, text, WIRE_VERSION).then(open);
      return calls[repeats](call) as ReturnType<Api[Method]>; // `as`: the object calls this method
    };
  return { once: making('once'), change: making('change'), read: making('read') };
}

/** Flags of a failed call. Source: Cloudflare's documentation of Durable Object errors. */
interface FaultFlags {
  /** The error is likely to be transient. */
  retryable?: unknown;
  /** The object already has too many requests. */
  overloaded?: unknown;
  /** The object itself threw, not the transport. */
  remote?: unknown;
  /** The object was reset: its work in progress is lost, and the next call reaches a new one. */
  durableObjectReset?: unknown;
}

function flagsOf(error: unknown): FaultFlags {
  return typeof error === 'object' && error !== null ? error : {};
}

function isPassing(error: unknown): boolean {
  const { retryable, overloaded } = flagsOf(error);
  return retryable === true && overloaded !== true;
}

/**
 * Maps a failed call to an error for the caller; a refusal stays as it is. An error that the object threw without being
 * reset is an internal error, such as an answer that is too large. The same call would fail again, so the error does not
 * advise a retry.
 */
function toRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const { remote, retryable, overloaded, durableObjectReset } = flagsOf(error);
  if (remote === true && retryable !== true && overloaded !== true && durableObjectReset !== true) {
    const message =
      'an unexpected error occurred; a retry is likely to fail too, so report it with the id of the request; if this was a change, it may have been applied';
    return new RegistryError('INTERNAL', message, {}, { cause: error });
  }
  return new RegistryError(
    'UNAVAILABLE',
    'the object that stores this could not be reached; if this was a change, it may have been applied: read the current state before you retry',
    { retryAfterSeconds: 1 },
    { cause: error },
  );
}

/**
 * Returns the API of a namespace in a Durable Object. Reads, renewals and {@link isRepeatable} registrations are retried
 * after transient errors; nothing else is.
 *
 * @param stub Creates a new stub for each attempt, because a stub that has thrown stays broken.
 */
export function remoteNamespace(stub: () => CalledNamespace<keyof NamespaceApi>, time?: RepeatTime): NamespaceApi {
  const calls = new RemoteCalls(stub, time);
  const { once, change, read } = remoteMethods<NamespaceApi>(calls, openOutcome);
  const [register, registerAgain] = [once('register'), change('register')];
  return {
    register: (caller, command) => (isRepeatable(command) ? registerAgain : register)(caller, command),
    patch: once('patch'),
    deregister: once('deregister'),
    renew: (caller, key) => {
      const asked = sealRenewal(caller.tokenId, operatesOn(caller, key), key);
      // `as`: a renewal's outcome has a body.
      return calls.change((object) => object.renew(asked).then(openOutcome)) as ReturnType<NamespaceApi['renew']>;
    },
    renewMany: change('renewMany'),
    drain: once('drain'),
    cancelDrain: once('cancelDrain'),
    readInstance: read('readInstance'),
    listInstances: read('listInstances'),
    resolve: read('resolve'),
    putOverride: once('putOverride'),
    readOverride: read('readOverride'),
    listOverrides: read('listOverrides'),
    clearOverride: once('clearOverride'),
    putService: once('putService'),
    patchService: once('patchService'),
    readService: read('readService'),
    removeService: once('removeService'),
    listServices: read('listServices'),
    batch: once('batch'),
    stats: read('stats'),
    history: read('history'),
    diff: read('diff'),
    why: read('why'),
    rollback: once('rollback'),
    snapshot: read('snapshot'),
    exportPart: read('exportPart'),
    stageImport: once('stageImport'),
    planImport: read('planImport'),
    applyImport: once('applyImport'),
    dropImport: once('dropImport'),
    changedSince: read('changedSince'),
    changedServices: read('changedServices'),
    listSubscribers: read('listSubscribers'),
    acknowledge: once('acknowledge'),
    putEntry: once('putEntry'),
    deleteEntry: once('deleteEntry'),
    transaction: once('transaction'),
    readEntry: read('readEntry'),
    rangeEntries: read('rangeEntries'),
    entryHistory: read('entryHistory'),
    diffEntries: read('diffEntries'),
    rollBackEntries: once('rollBackEntries'),
    compactEntries: once('compactEntries'),
    grantLease: once('grantLease'),
    renewLease: change('renewLease'),
    // A retry would make the renewals younger.
    renewLeases: once('renewLeases'),
    readLease: read('readLease'),
    listLeases: read('listLeases'),
    revokeLease: once('revokeLease'),
  };
}

/**
 * Returns whether a registration may safely happen twice. A repeat with the same content renews the lease and changes
 * nothing, and its answer says so even if the first attempt created the instance.
 *
 * Three kinds must not be repeated. A precondition would be checked against the state after the first attempt. The next
 * incarnation may have started in between, and a repeat would end its drain. An instance without a lease that was removed
 * in between would come back permanently, while one with a lease expires after its time to live.
 */
function isRepeatable({ definition, precondition }: RegisterCommand): boolean {
  const isConditional = Object.values(precondition).some((value) => value !== undefined);
  return !isConditional && definition.incarnation === undefined && definition.lease !== null;
}

/** Returns the directory's access to a namespace in a Durable Object: few calls, with few values. */
export function remoteControl(stub: () => NamespaceControl): NamespaceControl {
  const calls = new RemoteCalls(stub);
  return {
    configure: (settings) => calls.once((object) => object.configure(settings)),
    size: () => calls.read((object) => object.size()),
    erase: (options) => calls.once((object) => object.erase(options)),
    closeSocketsOf: (tokenIds) => calls.once((object) => object.closeSocketsOf(tokenIds)),
  };
}

/**
 * Returns the API of the directory in a Durable Object.
 *
 * @param stub Creates a new stub for each attempt, because a stub that has thrown stays broken.
 */
export function remoteDirectory(stub: () => CalledObject<keyof DirectoryApi>, time?: RepeatTime): DirectoryApi {
  const open = (outcome: string) => (isPreviousValue(outcome) ? openPreviousValue(outcome) : openValue(outcome));
  const { once, read } = remoteMethods<DirectoryApi>(new RemoteCalls(stub, time), open);
  return {
    createNamespace: once('createNamespace'),
    listNamespaces: read('listNamespaces'),
    readNamespace: read('readNamespace'),
    patchNamespace: once('patchNamespace'),
    removeNamespace: once('removeNamespace'),
    createToken: once('createToken'),
    readOwnToken: read('readOwnToken'),
    listTokens: read('listTokens'),
    revokeToken: once('revokeToken'),
    rotateToken: once('rotateToken'),
    createTicket: once('createTicket'),
    redeemTicket: once('redeemTicket'),
    exchangeTicket: once('exchangeTicket'),
    verify: read('verify'),
    endedTokens: read('endedTokens'),
    findNamespace: read('findNamespace'),
    firstNamespaces: read('firstNamespaces'),
    readAudit: read('readAudit'),
    beginAudit: once('beginAudit'),
    endAudit: once('endAudit'),
  };
}
