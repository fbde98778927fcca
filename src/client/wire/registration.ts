import type { DrainReport } from './answers';
import type { AsyncDisposal } from './async-disposal';
import type { InstanceBody, InstancePatch } from './bodies';
import type { RollcallError } from './rollcall-error';

export type { DrainReport, InstancePatch };

/** Requested terms of a lease. Times in milliseconds since the last renewal. */
export interface LeaseRequest {
  /** Time until the instance is unhealthy; default 45 s over a socket, 30 s with heartbeats. */
  ttlMs?: number | undefined;
  /** Time until the instance is removed; default `ttlMs`; null: never. Heartbeats only. */
  removeAfterMs?: number | null | undefined;
  /** Time between renewals. Heartbeats only. */
  intervalMs?: number | undefined;
}

/** Definition of an instance. Registrations of the client always have a lease, so they are ephemeral. */
export interface InstanceDefinition extends Omit<InstanceBody, 'ephemeral' | 'lease'> {
  service: string;
  /** Default `DEFAULT_GROUP`. */
  group?: string | undefined;
  /** Stable over restarts, so that a restart replaces the instance. Default: derived from address and port, or the URL. */
  id?: string | undefined;
  /** Distinguishes a restart from a repeat. Default: a random one for each call of `register`. */
  incarnation?: string | undefined;
  lease?: LeaseRequest | undefined;
}

/** An event in the background of a registration. */
export type RegistrationEvent =
  /** The registry has the instance: for the first time, or again after it was lost. */
  | { type: 'registered' }
  /** The lease is lost, by the clock of this process or by a response of the registry. The instance is registered again. */
  | { type: 'lost' }
  /** An attempt to register or renew has failed. It is retried. */
  | { type: 'trouble'; error: RollcallError };

export interface RegisterOptions {
  /** Aborts waiting for the first registration. */
  signal?: AbortSignal | undefined;
  /** Default: a session over the client's socket if one opens, otherwise heartbeats. */
  transport?: 'socket' | 'heartbeat' | undefined;
  onEvent?: ((event: RegistrationEvent) => void) | undefined;
}

export interface DrainOptions {
  /** Time to wait for subscribers to acknowledge; default 30 s. */
  waitMs?: number | undefined;
  /** Time that the instance stays listed after that; default 0. */
  graceMs?: number | undefined;
}

/**
 * A registered instance. It is kept registered until it is released, over restarts of the registry, deploys and broken
 * connections. The process keeps working while the registry is unreachable.
 */
export interface Registration extends AsyncDisposal {
  readonly group: string;
  readonly service: string;
  readonly id: string;
  /** True while its lease is certainly valid, by the clock of this process. */
  readonly isHeld: boolean;
  /** Resolves when its lease must be considered lost. Read it again after that: the next lease has its own promise. */
  readonly lost: Promise<void>;
  /**
   * Changes the registration; resolves once the registry has the change, however long that is unreachable.
   *
   * @throws {RollcallError} If the registry refuses the change; then nothing has changed.
   */
  update(patch: InstancePatch): Promise<void>;
  /**
   * Takes the instance out of traffic; resolves once every subscriber has acknowledged that, or after `waitMs`. It is
   * removed after `graceMs`, and not registered again.
   *
   * @throws {RollcallError} `UNREACHABLE` among others; then the instance stays in traffic.
   */
  drain(options?: DrainOptions): Promise<DrainReport>;
  /** Deregisters the instance at once. Never rejects: if the registry is unreachable, the lease expires. */
  release(): Promise<void>;
}
