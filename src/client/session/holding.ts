import type { InstanceDefinition, InstancePatch, RegistrationEvent } from '../wire/registration';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import { LeaseGuard } from './lease-guard';

/** Whoever waits for a version to be taken. */
interface Waiting {
  version: number;
  resolve: () => void;
  reject: (error: RollcallError) => void;
}

/** A definition with its names filled in. */
export type NamedDefinition = InstanceDefinition & { group: string; id: string };

/**
 * What a registration wants the registry to have, and what of it the registry has. Whoever keeps it, a session or
 * heartbeats, brings the two together; a change is a new version of the whole, so that there is one way to say it.
 */
export class Holding {
  readonly guard: LeaseGuard;
  /** It is on its way out: it is not registered again. */
  isLeaving = false;
  readonly #onEvent: (event: RegistrationEvent) => void;
  #wanted: NamedDefinition;
  #version = 1;
  /** What the registry has taken last. */
  #taken: { version: number; definition: NamedDefinition } | undefined;
  /** The registry has it, as far as is known. */
  #isRegistered = false;
  #waiting: Waiting[] = [];

  constructor(definition: NamedDefinition, time: Time, onEvent: (event: RegistrationEvent) => void) {
    this.#wanted = definition;
    this.#onEvent = (event) => {
      try {
        onEvent(event);
      } catch (error) {
        // A listener's mistake is its own, and must not stop what keeps the instance alive.
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

  /** Whether there is something to tell the registry. */
  get isDirty(): boolean {
    return !this.isLeaving && (!this.#isRegistered || this.#taken?.version !== this.#version);
  }

  /** Resolves once the registry has what is wanted now; rejects if it refuses that. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ version: this.#version, resolve, reject }));
  }

  change(patch: InstancePatch): void {
    this.#wanted = { ...this.#wanted, ...patched(this.#wanted, patch) };
    this.#version += 1;
  }

  /**
   * The registry has taken a version.
   *
   * @param sentAt When it was sent, on the clock of {@link Time.now}.
   */
  taken(version: number, definition: NamedDefinition, sentAt: number, ttlMs: number): void {
    const isNews = !this.#isRegistered;
    this.#isRegistered = true;
    this.#taken = { version, definition };
    this.guard.renewed(sentAt, ttlMs);
    if (isNews) this.#onEvent({ type: 'registered' });
    this.#settle(version, ({ resolve }) => resolve());
  }

  /** The lease that it is held by was renewed: nothing to an instance that the registry does not have. */
  renewed(sentAt: number, ttlMs: number): void {
    if (this.#isRegistered) this.guard.renewed(sentAt, ttlMs);
  }

  /** The registry has refused a version for good: what it took before is wanted again, where there is such a thing. */
  refused(version: number, error: RollcallError): void {
    if (this.#taken !== undefined && this.#taken.version < version) {
      // Changes made meanwhile were made to what was refused, and go with it.
      version = this.#version;
      this.#wanted = this.#taken.definition;
      this.#version += 1;
      this.#taken.version = this.#version;
    }
    this.#onEvent({ type: 'trouble', error });
    this.#settle(version, ({ reject }) => reject(error));
  }

  trouble(error: RollcallError): void {
    this.#onEvent({ type: 'trouble', error });
  }

  /** The registry no longer has it. */
  gone(): void {
    this.#isRegistered = false;
    this.guard.gone();
  }

  /** It is given up: whoever waits for it is told. */
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

/** The members that a patch changes, as they are after it. */
function patched({ metadata }: NamedDefinition, patch: InstancePatch): Partial<NamedDefinition> {
  const { metadata: changes, ...members } = patch;
  const given = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  if (changes === undefined) return given;
  const merged = Object.entries({ ...metadata, ...changes }).filter((entry): entry is [string, string] => {
    return entry[1] !== null;
  });
  return { ...given, metadata: Object.fromEntries(merged) };
}

/** Keeps instances registered, in one way or the other. */
export interface Keeper {
  /** Takes in an instance, and tells the registry of it, now and for as long as it is kept. */
  keep(holding: Holding): void;
  /** What is wanted of an instance has changed. */
  changed(holding: Holding): void;
  /** Lets go of an instance, without a word to the registry. */
  drop(holding: Holding): void;
}
