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

/** One call to an object. It throws a `RegistryError` where the object refuses; anything else is a failed call. */
export type RemoteCall<T, Called> = (object: Called) => Promise<T>;

/** The clock and the randomness that retries of failed calls depend on; a test moves both by hand. */
export interface RepeatTime {
  /** Milliseconds on any clock. */
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
 * Calls to one object, some of which are repeated when they fail.
 *
 * The platform repeats a call that never reached its object by itself, up to five times within 10 s. What still fails
 * with a passing fault, such as an object that restarts while it answers, is repeated here after a random wait, a few
 * times and within a bounded time. Under a lasting outage nothing is repeated, so that repeats don't multiply the load:
 * each failed try takes a token, a call that works gives a tenth of one back, and below half the tokens none is repeated.
 *
 * Sources: Cloudflare's pages on Durable Object error handling (`retryable`, `overloaded`) and on automatic retries;
 * "full jitter" in AWS's article on exponential back-off; the retry throttling of gRPC (proposal A6).
 */
export class RemoteCalls<Called> {
  readonly #stub: () => Called;
  readonly #time: RepeatTime;
  #tokens = CALL_REPEAT_TOKENS_MAX_COUNT;

  /** @param stub Makes a new stub for each try: one that has thrown stays broken. */
  constructor(stub: () => Called, time: RepeatTime = PLATFORM_TIME) {
    this.#stub = stub;
    this.#time = time;
  }

  /** For a change: where the call fails, whether it happened is not known, and the caller must decide. */
  once<T>(call: RemoteCall<T, Called>): Promise<T> {
    return this.#call(call, 0);
  }

  /** For a change that may happen twice without harm, at any time within the window of repeats. */
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
 * Makes the methods of an interface as calls to the object that answers them, in the form of envelope.ts. A method is made
 * with the member of {@link RemoteCalls} that says how often its call may be repeated.
 *
 * @param open Reads an outcome; throws a refusal.
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
      return calls[repeats](call) as ReturnType<Api[Method]>; // `as`: the object carries out this very method
    };
  return { once: making('once'), change: making('change'), read: making('read') };
}

/** Flags of a failed call, as Cloudflare's documentation of Durable Object errors names them. */
interface FaultFlags {
  /** The fault is likely to pass. */
  retryable?: unknown;
  /** Too much is asked of the object already. */
  overloaded?: unknown;
  /** The object itself threw, rather than the way to it. */
  remote?: unknown;
  /** The object was reset: what it was doing is lost, and the next call meets a new one. */
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
 * Maps a failed call to an error for the caller; a refusal stays as it is. An error that the object threw without having been
 * reset is a fault of its own, such as an answer that can't be carried: the same call would fail again, so that
 * nothing advises to repeat it.
 */
function toRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const { remote, retryable, overloaded, durableObjectReset } = flagsOf(error);
  if (remote === true && retryable !== true && overloaded !== true && durableObjectReset !== true) {
    const message =
      'the registry failed at this request; it is likely to fail again, so report it with the id of the request; if this was a change, whether it happened is not known';
    return new RegistryError('INTERNAL', message, {}, { cause: error });
  }
  return new RegistryError(
    'UNAVAILABLE',
    'what answers this could not be reached; if this was a change, whether it happened is not known: read before you try again',
    { retryAfterSeconds: 1 },
    { cause: error },
  );
}

/**
 * A namespace that lives in a Durable Object, as surfaces see it. Reads, renewals and {@link isRepeatable} registrations
 * are repeated where they fail with a passing fault; nothing else is.
 *
 * @param stub Makes a new stub for each try: one that has thrown stays broken.
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
  };
}

/**
 * Tells registrations that may happen twice. A repeat of the same content renews the lease and changes nothing; it
 * answers as one that changed nothing, even where the first try made the instance.
 *
 * A precondition judges the state that the first try left. An incarnation may have been followed by the next one
 * meanwhile, whose drain a repeat would end. An instance without a lease that was removed meanwhile would be back for
 * good, where one with a lease is gone after its time to live.
 */
function isRepeatable({ definition, precondition }: RegisterCommand): boolean {
  const isConditional = Object.values(precondition).some((value) => value !== undefined);
  return !isConditional && definition.incarnation === undefined && definition.lease !== null;
}

/** The way from the directory to a namespace that lives in a Durable Object: few calls, with few values. */
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
 * The directory that lives in a Durable Object, as surfaces see it.
 *
 * @param stub Makes a new stub for each try: one that has thrown stays broken.
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
    listTokens: read('listTokens'),
    revokeToken: once('revokeToken'),
    rotateToken: once('rotateToken'),
    createTicket: once('createTicket'),
    redeemTicket: once('redeemTicket'),
    verify: read('verify'),
    endedTokens: read('endedTokens'),
    findNamespace: read('findNamespace'),
    readAudit: read('readAudit'),
    beginAudit: once('beginAudit'),
    endAudit: once('endAudit'),
  };
}
