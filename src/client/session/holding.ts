import type { InstanceDefinition, InstancePatch, RegistrationEvent } from '../wire/registration';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import { LeaseGuard } from './lease-guard';

/** A caller that waits until the registry has a version. */
interface Waiting {
  version: number;
  resolve: () => void;
  reject: (error: RollcallError) => void;
}

/** A definition with its names filled in. */
export type NamedDefinition = InstanceDefinition & { group: string; id: string };

/**
 * Desired and confirmed state of a registration. Its keeper, a session or heartbeats, reconciles the two. A change
 * creates a new version of the whole definition, so that registering is the only operation.
 */
export class Holding {
  readonly guard: LeaseGuard;
  /** True once it is being removed: it is not registered again. */
  isLeaving = false;
  readonly #onEvent: (event: RegistrationEvent) => void;
  readonly #onHealth: (error: RollcallError | undefined) => void;
  /** True if the last attempt failed. */
  #isTroubled = false;
  #wanted: NamedDefinition;
  #version = 1;
  /** Last version that the registry accepted. */
  #taken: { version: number; definition: NamedDefinition } | undefined;
  /** True if the registry has it, as far as this client knows. */
  #isRegistered = false;
  #waiting: Waiting[] = [];

  /** @param onHealth Called with the error of each failed attempt, and without one when an attempt works again. */
  constructor(
    definition: NamedDefinition,
    time: Time,
    onEvent: (event: RegistrationEvent) => void,
    onHealth: (error: RollcallError | undefined) => void = () => {},
  ) {
    this.#wanted = definition;
    this.#onHealth = onHealth;
    this.#onEvent = (event) => {
      try {
        onEvent(event);
      } catch (error) {
        // An error of a listener must not stop the heartbeats.
        console.error('rollcall: a listener of a registration threw', error);
      }
    };
    this.guard = new LeaseGuard(time, () => this.#onEvent({ type: 'lost' }));
  }

  get definition(): NamedDefinition {
    return this.#wanted;
  }

  get version(): number {
    return this.#version;
  }

  /** Reports whether the registry lacks the current version. */
  get isDirty(): boolean {
    return !this.isLeaving && (!this.#isRegistered || this.#taken?.version !== this.#version);
  }

  /** Resolves once the registry has the current version; rejects if it refuses that. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ version: this.#version, resolve, reject }));
  }

  change(patch: InstancePatch): void {
    this.#wanted = { ...this.#wanted, ...patched(this.#wanted, patch) };
    this.#version += 1;
  }

  /**
   * Records that the registry has accepted a version.
   *
   * @param sentAt Time when it was sent, on the clock of {@link Time.now}.
   */
  taken(version: number, definition: NamedDefinition, sentAt: number, ttlMs: number): void {
    const isNews = !this.#isRegistered;
    this.#isRegistered = true;
    this.#taken = { version, definition };
    this.guard.renewed(sentAt, ttlMs);
    this.#recovered();
    if (isNews) this.#onEvent({ type: 'registered' });
    this.#settle(version, ({ resolve }) => resolve());
  }

  /** Records a renewal of the lease; ignored if the registry does not have the instance. */
  renewed(sentAt: number, ttlMs: number): void {
    if (!this.#isRegistered) return;
    this.guard.renewed(sentAt, ttlMs);
    this.#recovered();
  }

  /** Records that the registry has refused a version for good; reverts to the last accepted one, if there is one. */
  refused(version: number, error: RollcallError): void {
    if (this.#taken !== undefined && this.#taken.version < version) {
      // Changes made meanwhile were based on the refused version, and are dropped with it.
      version = this.#version;
      this.#wanted = this.#taken.definition;
      this.#version += 1;
      this.#taken.version = this.#version;
    }
    // A caller that waits for this version handles its error.
    if (this.#waiting.some((waiting) => waiting.version <= version)) this.#onEvent({ type: 'trouble', error });
    else this.trouble(error);
    this.#settle(version, ({ reject }) => reject(error));
  }

  /** Records a failed attempt. */
  trouble(error: RollcallError): void {
    this.#isTroubled = true;
    this.#onHealth(error);
    this.#onEvent({ type: 'trouble', error });
  }

  #recovered(): void {
    if (this.#isTroubled) this.#onHealth(undefined);
    this.#isTroubled = false;
  }

  /** Records that the registry no longer has it. */
  markLost(): void {
    this.#isRegistered = false;
    this.guard.markLost();
  }

  /** Ends the registration, and rejects its waiting callers. */
  end(): void {
    this.isLeaving = true;
    this.guard.stop();
    this.#settle(Number.POSITIVE_INFINITY, ({ reject }) => {
      reject(new RollcallError('CONFLICT', 'the registration was released before the registry had it'));
    });
  }

  #settle(version: number, act: (waiting: Waiting) => void): void {
    const settled = this.#waiting.filter((waiting) => waiting.version <= version);
    this.#waiting = this.#waiting.filter((waiting) => waiting.version > version);
    settled.forEach(act);
  }
}

/** Returns the members that a patch changes, with their new values. */
function patched({ metadata }: NamedDefinition, patch: InstancePatch): Partial<NamedDefinition> {
  const { metadata: changes, ...members } = patch;
  const given = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  if (changes === undefined) return given;
  const merged = Object.entries({ ...metadata, ...changes }).filter((entry): entry is [string, string] => {
    return entry[1] !== null;
  });
  return { ...given, metadata: Object.fromEntries(merged) };
}

/** Keeps instances registered, by a session or by heartbeats. */
export interface Keeper {
  /** Registers an instance, and keeps it registered until it is dropped. */
  keep(holding: Holding): void;
  /** Called when the definition of an instance has changed. */
  changed(holding: Holding): void;
  /** Stops keeping an instance, without notifying the registry. */
  drop(holding: Holding): void;
}
