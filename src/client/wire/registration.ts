import type { DrainReport } from './answers';
import type { InstanceBody, InstancePatch } from './bodies';
import type { RollcallError } from './rollcall-error';

export type { DrainReport, InstancePatch };

/** What a lease is asked for. Times in milliseconds since the last renewal. */
export interface LeaseRequest {
  /** Unhealthy after this time; default 45 s over a socket, 30 s with heartbeats. */
  ttlMs?: number | undefined;
  /** Gone after this time; `ttlMs` when left out, null: never. Heartbeats only. */
  removeAfterMs?: number | null | undefined;
  /** How often to renew. Heartbeats only. */
  intervalMs?: number | undefined;
}

/** An instance as it describes itself. A registration that is kept has a lease: it is always ephemeral. */
export interface InstanceDefinition extends Omit<InstanceBody, 'ephemeral' | 'lease'> {
  service: string;
  /** Default `DEFAULT_GROUP`. */
  group?: string | undefined;
  /** The same after a restart, so that it takes its own place again. Default: made of address and port, or of the url. */
  id?: string | undefined;
  /** Tells a restart from a repeat. Default: a random one for each call of `register`. */
  incarnation?: string | undefined;
  lease?: LeaseRequest | undefined;
}

/** What happens to a registration beside what its holder asks for. */
export type RegistrationEvent =
  /** The registry has it: for the first time, or again after it was lost. */
  | { type: 'registered' }
  /** Its lease has to be taken for lost: by the clock of this process, or by the registry's own word. It is registered again. */
  | { type: 'lost' }
  /** An attempt to keep it failed. The next one follows. */
  | { type: 'trouble'; error: RollcallError };

export interface RegisterOptions {
  /** Gives up waiting for the first registration. */
  signal?: AbortSignal | undefined;
  /** Default: a session over the client's socket where one opens, otherwise heartbeats. */
  transport?: 'socket' | 'heartbeat' | undefined;
  onEvent?: ((event: RegistrationEvent) => void) | undefined;
}

export interface DrainOptions {
  /** How long to wait for subscribers to acknowledge; default 30 s. */
  waitMs?: number | undefined;
  /** How long it stays listed after that; default 0. */
  graceMs?: number | undefined;
}

/**
 * One instance, registered, and kept so until it is released: over restarts of the registry, deploys, and broken
 * connections. A registry that is away stops nobody from working.
 */
export interface Registration extends AsyncDisposable {
  readonly group: string;
  readonly service: string;
  readonly id: string;
  /** Whether its lease is sure to run, by the clock of this process. */
  readonly isHeld: boolean;
  /** Resolves when its lease has to be taken for lost. Read again after that: the next lease has a promise of its own. */
  readonly lost: Promise<void>;
  /**
   * Changes what it says of itself; resolves once the registry has it, however long that is away.
   *
   * @throws {RollcallError} What the change was refused with; then nothing has changed.
   */
  update(patch: InstancePatch): Promise<void>;
  /**
   * Takes it out of traffic, and resolves once every subscriber has acknowledged that, or the wait is over. It is
   * removed after `graceMs`, and not registered again.
   *
   * @throws {RollcallError} `UNREACHABLE` among others; then it is in traffic still.
   */
  drain(options?: DrainOptions): Promise<DrainReport>;
  /** Ends it at once. Never rejects: where the registry cannot be told, the lease runs out. */
  release(): Promise<void>;
}
