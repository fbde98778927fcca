import type { Admin } from '../../client/admin';
import type { Instance } from '../../client/wire/instance';
import type { RollcallError } from '../../client/wire/rollcall-error';
import { isOwn, type MirroredNames, type MirrorPlan, planMirror, type Wanted, type Writer } from './mirror-plan';
import { type MirrorWrite, MirrorWriter } from './mirror-writer';
import type { RegistryReplica } from './registry-replica';
import type { Source, SourceInstance } from './source';

/** Renewals per lease, so that two may be lost. */
const RENEWALS_PER_TTL_COUNT = 3;

/** Time after which a refused write is retried: a limit may have been raised meanwhile. */
const REFUSED_AGAIN_MS = 5 * 60_000;

/** A change that the mirror made, or did not make and why. */
export type MirrorEvent =
  | { type: 'added'; wanted: Wanted }
  | { type: 'changed'; wanted: Wanted; members: string[] }
  | { type: 'removed'; names: MirroredNames }
  | { type: 'skipped'; wanted: Wanted; by: Instance }
  | { type: 'refused'; names: MirroredNames; error: RollcallError };

/** The registry that the mirror writes to. */
interface MirrorTarget {
  registry: Pick<Admin, 'applyBatch' | 'renewLeases'>;
  replica: Pick<RegistryReplica, 'instances' | 'reached'>;
}

interface MirrorOptions {
  source: Source;
  target: MirrorTarget;
  writer: Writer;
  /** Returns milliseconds on a monotonic clock. */
  now(): number;
  onEvent(event: MirrorEvent): void;
  progress?: (done: number, all: number) => void;
}

/** Mirrors a source into a registry, round by round. */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #patience = new Patience();
  readonly #writer: MirrorWriter;
  /** Instances that the registry refused, by name; not retried for a while unless their content changes. */
  readonly #refused = new Map<string, { content: string; at: number }>();
  readonly #skipped = new Set<string>();
  #sourceInstances: SourceInstance[] | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#writer = new MirrorWriter(options.target.registry, options.writer.leaseTtlMs);
  }

  /**
   * Reads the source. After a failure its last known content stays in use.
   *
   * @throws {CliError} The error of the read.
   */
  async look(signal?: AbortSignal): Promise<void> {
    const { source, target, writer, now } = this.#options;
    try {
      this.#sourceInstances = await source.read(signal);
      const holds = target.replica.instances.some((instance) => isOwn(instance, writer));
      this.#patience.sourceUp(now(), this.#sourceInstances.length, holds);
    } catch (error) {
      this.#patience.sourceDown(now());
      throw error;
    }
  }

  /** Returns the current differences; none before the source was read for the first time. */
  plan(): MirrorPlan {
    const { target, writer } = this.#options;
    if (this.#sourceInstances === undefined) return { added: [], changed: [], same: [], vanished: [], skipped: [] };
    return planMirror(this.#sourceInstances, target.replica.instances, writer);
  }

  /**
   * Applies the differences to the last read of the source, and renews the mirrored instances.
   *
   * @returns The applied plan.
   * @throws {RollcallError} If the registry is unreachable, or refuses; a part may be applied, and the next round continues.
   */
  async write(signal?: AbortSignal): Promise<MirrorPlan> {
    const plan = this.plan();
    // The mirrored instances are left to expire, and not written again.
    if (this.#patience.isOver(this.#options.now())) return plan;
    await this.#carryOut(plan, signal);
    await this.#renew(plan, signal);
    return plan;
  }

  async #carryOut({ added, changed, vanished, skipped }: MirrorPlan, signal: AbortSignal | undefined): Promise<void> {
    const { target, onEvent, now, progress } = this.#options;
    const puts = [
      ...added.map((wanted): [Wanted, MirrorEvent] => [wanted, { type: 'added', wanted }]),
      ...changed.map((wanted): [Wanted, MirrorEvent] => [wanted, { type: 'changed', wanted, members: wanted.members }]),
    ].filter(([wanted]) => !this.#isRefused(wanted));
    const moved = new Set(skipped.map(nameOf));
    const leaving = vanished.filter((names) => moved.has(nameOf(names)) || this.#patience.mayRemove(now()));
    const events = new Map<MirrorWrite, MirrorEvent>([
      ...puts.map(([wanted, event]): [MirrorWrite, MirrorEvent] => [{ type: 'put', wanted }, event]),
      ...leaving.map((names): [MirrorWrite, MirrorEvent] => [
        { type: 'remove', names },
        { type: 'removed', names },
      ]),
    ]);
    const writes = [...events.keys()];
    const written = await this.#writer.write(writes, signal, (done) => progress?.(done, writes.length));
    for (const { write, error } of written.refused) {
      const names = write.type === 'put' ? write.wanted : write.names;
      if (write.type === 'put') this.#refused.set(nameOf(names), { content: write.wanted.mark.content, at: now() });
      events.set(write, { type: 'refused', names, error });
    }
    for (const event of events.values()) onEvent(event);
    this.#reportSkipped(skipped);
    await target.replica.reached(written.revision);
  }

  #isRefused(wanted: Wanted): boolean {
    const refused = this.#refused.get(nameOf(wanted));
    if (refused === undefined) return false;
    if (refused.content === wanted.mark.content && this.#options.now() - refused.at < REFUSED_AGAIN_MS) return true;
    this.#refused.delete(nameOf(wanted));
    return false;
  }

  /** Reports each directly registered instance once, and again if it has been gone in between. */
  #reportSkipped(skipped: MirrorPlan['skipped']): void {
    const now = new Set(skipped.map(nameOf));
    for (const { by, ...wanted } of skipped) {
      if (!this.#skipped.has(nameOf(wanted))) this.#options.onEvent({ type: 'skipped', wanted, by });
    }
    this.#skipped.clear();
    for (const name of now) this.#skipped.add(name);
  }

  async #renew({ same, vanished }: MirrorPlan, signal: AbortSignal | undefined): Promise<void> {
    const { writer, now } = this.#options;
    const at = now();
    if (at - this.#renewedAt < writer.leaseTtlMs / RENEWALS_PER_TTL_COUNT) return;
    const kept = this.#patience.mayRemove(at) ? [] : vanished;
    await this.#writer.renew([...same, ...kept], signal);
    this.#renewedAt = at;
  }
}

const nameOf = ({ group, service, id }: MirroredNames): string => JSON.stringify([group, service, id]);

/**
 * Time that mirrored instances are kept after the source is back, even if it has lost them, in milliseconds. Registries
 * with leases in memory start empty, and their clients register again with their next heartbeat: Eureka's every 30 s,
 * after a pause of at most twice that.
 */
const RETURN_GRACE_MS = 120_000;

/**
 * Time that a source may be unreachable, in milliseconds, before its mirrored instances are left to expire: after that
 * their state is unknown.
 */
const AWAY_MAX_MS = 15 * 60_000;

/** Distinguishes a source that has lost its state from one whose instances are gone. */
export class Patience {
  #awaySince: number | undefined;
  #isEmpty = false;
  #keepsUntil = Number.NEGATIVE_INFINITY;

  /** Records a failed read of the source. @param now Milliseconds on a monotonic clock. */
  sourceDown(now: number): void {
    this.#awaySince ??= now;
  }

  /**
   * Records a successful read of the source.
   *
   * @param count Number of its instances.
   * @param holds True if the registry has mirrored instances of it.
   */
  sourceUp(now: number, count: number, holds: boolean): void {
    const isEmpty = count === 0 && holds;
    const isEmptied = isEmpty && !this.#isEmpty;
    this.#isEmpty = isEmpty;
    if (this.#awaySince === undefined && !isEmptied) return;
    this.#awaySince = undefined;
    this.#keepsUntil = now + RETURN_GRACE_MS;
  }

  /** Reports whether instances that are gone from the source may be removed now. */
  mayRemove(now: number): boolean {
    return this.#awaySince === undefined && now >= this.#keepsUntil;
  }

  /** Reports whether the source has been unreachable for so long that its state is unknown. */
  isOver(now: number): boolean {
    return this.#awaySince !== undefined && now - this.#awaySince >= AWAY_MAX_MS;
  }
}
