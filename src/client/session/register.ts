import { randomText } from '../wire/back-off';
import type { ClientCore } from '../wire/client-core';
import type {
  DrainOptions,
  DrainReport,
  InstanceDefinition,
  InstancePatch,
  RegisterOptions,
  Registration,
} from '../wire/registration';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import { trySocket } from '../wire/try-socket';
import { Heartbeats } from './heartbeats';
import { Holding, type Keeper, type NamedDefinition } from './holding';
import { Session } from './session';

/**
 * Derives the id of an instance without one, in the same way as the registry.
 *
 * @returns Undefined if the instance has neither address and port nor a valid URL.
 */
export function derivedId({
  address,
  port,
  url,
}: {
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
}): string | undefined {
  if (address !== undefined && port !== undefined) {
    const isIpv6 = address.includes(':') && URL.canParse(`http://[${address}]`);
    return `${isIpv6 ? new URL(`http://[${address}]`).hostname : address.toLowerCase()}:${port}`;
  }
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { href, pathname, search, hash } = new URL(url);
  const isBare = pathname === '/' && search === '' && hash === '' && href.endsWith('/');
  return isBare ? href.slice(0, -1) : href;
}

const DRAIN_WAIT_DEFAULT_MS = 30_000;

/** Time to renew a lease that is still valid before a failure is reported. */
const RECONNECT_MS = 2_000;

/** Timeout of a drain or a removal, in addition to the time that a drain waits for subscribers. */
const CALL_TIMEOUT_MS = 5_000;

/** Waits for a promise; rejects with the signal's reason if that aborts first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Returns the definition of an instance with group, id and incarnation filled in. */
function named(time: Time, instance: InstanceDefinition): NamedDefinition {
  const id = instance.id ?? derivedId(instance);
  if (id === undefined) {
    throw new RollcallError('INVALID_REQUEST', 'an instance needs an id, an address and port, or an absolute url');
  }
  return {
    ...instance,
    group: instance.group ?? 'DEFAULT_GROUP',
    id,
    incarnation: instance.incarnation ?? randomText(time),
  };
}

/** A registration, from its first attempt to its end. */
class KeptRegistration implements Registration {
  readonly group: string;
  readonly service: string;
  readonly id: string;
  readonly #registrar: Registrar;
  readonly #holding: Holding;
  readonly #over: () => void;
  readonly #cancelExpected: () => void;
  readonly #ended = new AbortController();
  #keeper: Keeper | undefined;
  #released: Promise<void> | undefined;

  constructor(registrar: Registrar, definition: NamedDefinition, options: RegisterOptions, over: () => void) {
    this.group = definition.group;
    this.service = definition.service;
    this.id = definition.id;
    this.#registrar = registrar;
    const { core } = registrar;
    const health = (error: RollcallError | undefined) => {
      this.#cancelExpected();
      if (error === undefined) core.outages.report((known) => known.worked(this));
      else core.outages.report((known) => known.failed(this, error, this.isHeld ? RECONNECT_MS : 0), true);
    };
    this.#holding = new Holding(definition, core.time, options.onEvent ?? (() => {}), health);
    this.#cancelExpected = core.expectAnswer((error) => this.#holding.trouble(error));
    this.#holding.settled().then(this.#cancelExpected, this.#cancelExpected);
    this.#over = over;
  }

  get isHeld(): boolean {
    return this.#holding.guard.isHeld;
  }

  get lost(): Promise<void> {
    return this.#holding.guard.lost;
  }

  /** Registers it over the requested transport, or the best one available. */
  async start({ transport, signal }: RegisterOptions): Promise<void> {
    const settled = this.#holding.settled();
    void this.#choose(transport);
    try {
      await unlessAborted(settled, signal);
    } catch (error) {
      // The caller has no handle. A request that was sent before the abort may still have arrived.
      if (signal?.aborted === true) await this.release();
      else this.#end();
      throw error;
    }
  }

  async update(patch: InstancePatch): Promise<void> {
    if (this.#holding.isLeaving) throw new RollcallError('CONFLICT', `${this.id} is released or being drained`);
    this.#holding.change(patch);
    const settled = this.#holding.settled();
    this.#keeper?.changed(this.#holding);
    return settled;
  }

  async drain({ waitMs = DRAIN_WAIT_DEFAULT_MS, graceMs = 0 }: DrainOptions = {}): Promise<DrainReport> {
    const before = this.#holding.isLeaving;
    this.#holding.isLeaving = true;
    try {
      const { http } = this.#registrar.core;
      return await http.call('POST', `${http.instancePath(this)}/drain`, {
        query: { wait: `${waitMs}ms`, grace: `${graceMs}ms` },
        timeoutMs: waitMs + CALL_TIMEOUT_MS,
      });
    } catch (error) {
      this.#holding.isLeaving = before;
      this.#keeper?.changed(this.#holding);
      throw error;
    }
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #choose(transport: RegisterOptions['transport']): Promise<void> {
    const { ttlMs, ...others } = this.#holding.definition.lease ?? {};
    const { core, heartbeats } = this.#registrar;
    const { signal } = this.#ended;
    const keepBy = (keeper: Keeper) => {
      if (signal.aborted) return;
      this.#keeper = keeper;
      keeper.keep(this.#holding);
    };
    // A session has one time to live for all of its instances, and no other terms.
    const fitsSession = Object.values(others).every((value) => value === undefined);
    if (transport === 'heartbeat' || (transport === undefined && !fitsSession)) return keepBy(heartbeats);
    const keepBySession = () => keepBy(this.#registrar.session(ttlMs));
    if (transport === 'socket') return keepBySession();
    const failed = (error: RollcallError) => this.#holding.trouble(error);
    if (!(await trySocket(core, core.link(ttlMs), { signal, use: keepBySession, failed }))) keepBy(heartbeats);
  }

  async #release(): Promise<void> {
    // First, so that nothing registers it again.
    this.#holding.isLeaving = true;
    this.#ended.abort();
    try {
      const { http } = this.#registrar.core;
      await http.call('DELETE', http.instancePath(this), { timeoutMs: CALL_TIMEOUT_MS });
    } catch (error) {
      this.#holding.trouble(RollcallError.from(error, 'not released'));
    }
    this.#end();
  }

  #end(): void {
    this.#ended.abort();
    this.#cancelExpected();
    this.#registrar.core.outages.report((known) => known.closed(this));
    this.#holding.end();
    this.#keeper?.drop(this.#holding);
    this.#over();
  }
}

/** All registrations of a client, and their keepers. Loaded on first use: clients that only watch don't need it. */
export class Registrar {
  readonly core: ClientCore;
  readonly heartbeats: Heartbeats;
  readonly #sessions = new Map<number | undefined, Session>();
  readonly #registrations = new Set<KeptRegistration>();

  constructor(core: ClientCore) {
    this.core = core;
    this.heartbeats = new Heartbeats(core.http, core.time);
  }

  /** Returns the session of all instances with this time to live. */
  session(ttlMs: number | undefined): Session {
    const session = this.#sessions.get(ttlMs) ?? new Session(this.core.link(ttlMs), ttlMs, this.core.pingIntervalMs);
    this.#sessions.set(ttlMs, session);
    return session;
  }

  /** @throws {RollcallError} If the registry refuses the registration. */
  async register(instance: InstanceDefinition, options: RegisterOptions): Promise<Registration> {
    if (options.transport === 'socket') this.core.assertSockets();
    const over = () => this.#registrations.delete(registration);
    const registration = new KeptRegistration(this, named(this.core.time, instance), options, over);
    this.#registrations.add(registration);
    await registration.start(options);
    return registration;
  }

  /** Releases all registrations. Never rejects. */
  async release(): Promise<void> {
    await Promise.all([...this.#registrations].map((registration) => registration.release()));
  }
}
