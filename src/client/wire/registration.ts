import type { InstanceStatus, Location } from './instance';
import type { RollcallError } from './rollcall-error';

/** What a lease is asked for. Times in milliseconds since the last renewal. */
export interface LeaseRequest {
  /** Unhealthy after this time; default 45 s over a socket, 30 s with heartbeats. */
  ttlMs?: number | undefined;
  /** Gone after this time; `ttlMs` when left out, null: never. Heartbeats only. */
  removeAfterMs?: number | null | undefined;
  /** How often to renew. Heartbeats only. */
  intervalMs?: number | undefined;
}

/** An instance as it describes itself. */
export interface InstanceDefinition {
  service: string;
  /** Default `DEFAULT_GROUP`. */
  group?: string | undefined;
  /** The same after a restart, so that it takes its own place again. Default: made of address and port, or of the url. */
  id?: string | undefined;
  cluster?: string | undefined;
  /** The host it runs on. */
  node?: string | undefined;
  /** IPv4, IPv6 without brackets, or a host name. */
  address?: string | undefined;
  port?: number | undefined;
  /** Absolute, for what has no port. */
  url?: string | undefined;
  /** Further ports, by name. */
  ports?: Record<string, { port: number; secure?: boolean | undefined }> | undefined;
  /** Share of traffic; default 1, and 0 means none. */
  weight?: number | undefined;
  /** Default `up`. */
  status?: InstanceStatus | undefined;
  metadata?: Record<string, string> | undefined;
  tags?: string[] | undefined;
  version?: string | undefined;
  location?: Location | undefined;
  /** Tells a restart from a repeat. Default: a random one for each call of `register`. */
  incarnation?: string | undefined;
  lease?: LeaseRequest | undefined;
  extensions?: Record<string, unknown> | undefined;
}

/** A change: metadata is a merge patch, where null takes an entry out; tags replace. */
export interface InstancePatch {
  weight?: number | undefined;
  status?: InstanceStatus | undefined;
  metadata?: Record<string, string | null> | undefined;
  tags?: string[] | undefined;
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

/** What a drain came to. */
export interface DrainReport {
  /** Every subscriber has acknowledged that the instance takes no traffic. */
  drained: boolean;
  acknowledged: number;
  subscribers: number;
  /** Those who have not acknowledged in time. */
  laggards: string[];
  /** Those who read without subscribing, by kind; they can't acknowledge. */
  blind: Record<string, number>;
  /** Kinds of reader that may exist uncounted, because the registry has just woken; absent where all are known. */
  unknown?: ('cached' | 'plain' | 'poll')[] | undefined;
  /** Longest time that a reader in `blind` or `unknown` may keep an old answer, in milliseconds. */
  safeAfterMs: number;
  /** When the instance is removed, RFC 3339. */
  removedAt: string;
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
