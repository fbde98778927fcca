import type { Admin } from '../../client/admin';
import type { Instance } from '../../client/wire/instance';
import type { RollcallError } from '../../client/wire/rollcall-error';
import { isOwn, type MirroredNames, type MirrorPlan, planMirror, type Wanted, type Writer } from './mirror-plan';
import { type MirrorWrite, MirrorWriter } from './mirror-writer';
import type { RegistryReplica } from './registry-replica';
import type { Source, SourceInstance } from './source';

/** Renewals within one lease, so that two may be lost. */
const RENEWALS_PER_TTL_COUNT = 3;

/** After so long what was refused is asked again: a limit may have been raised meanwhile. */
const REFUSED_AGAIN_MS = 5 * 60_000;

/** Something that the mirror did, or does not do and says why. */
export type MirrorEvent =
  | { type: 'added'; wanted: Wanted }
  | { type: 'changed'; wanted: Wanted; members: string[] }
  | { type: 'removed'; names: MirroredNames }
  | { type: 'skipped'; wanted: Wanted; by: Instance }
  | { type: 'refused'; names: MirroredNames; error: RollcallError };

/** What the mirror needs of the registry that it writes to. */
interface MirrorTarget {
  registry: Pick<Admin, 'applyBatch' | 'renewLeases'>;
  replica: Pick<RegistryReplica, 'instances' | 'heard'>;
}

interface MirrorOptions {
  source: Source;
  target: MirrorTarget;
  writer: Writer;
  /** Milliseconds, from anywhere. */
  now(): number;
  tell(event: MirrorEvent): void;
  progress?: (done: number, all: number) => void;
}

/** Brings what a source holds over to a registry, turn by turn. */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #patience = new Patience();
  readonly #writer: MirrorWriter;
  /** What the registry did not take, by name: not to be asked again soon, unless it is another. */
  readonly #refused = new Map<string, { content: string; at: number }>();
  readonly #skipped = new Set<string>();
  #there: SourceInstance[] | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#writer = new MirrorWriter(options.target.registry, options.writer.leaseTtlMs);
  }

  /**
   * Reads the source. One that can't be read is as it was when it last could.
   *
   * @throws {CliError} What the source was read with.
   */
  async look(signal?: AbortSignal): Promise<void> {
    const { source, target, writer, now } = this.#options;
    try {
      this.#there = await source.read(signal);
      const holds = target.replica.instances.some((instance) => isOwn(instance, writer));
      this.#patience.back(now(), this.#there.length, holds);
    } catch (error) {
      this.#patience.away(now());
      throw error;
    }
  }

  /** What is different now: nothing before the source was read for the first time. */
  plan(): MirrorPlan {
    const { target, writer } = this.#options;
    if (this.#there === undefined) return { added: [], changed: [], same: [], vanished: [], skipped: [] };
    return planMirror(this.#there, target.replica.instances, writer);
  }

  /**
   * Makes the registry as the source was when it was last read, and renews what it has written.
   *
   * @returns What had to be done.
   * @throws {RollcallError} if the registry is away, or refuses; some of it may be done then, and the next turn goes on.
   */
  async write(signal?: AbortSignal): Promise<MirrorPlan> {
    const plan = this.plan();
    // What it had is left to lapse, and not written again either.
    if (this.#patience.isOver(this.#options.now())) return plan;
    await this.#carryOut(plan, signal);
    await this.#renew(plan, signal);
    return plan;
  }

  async #carryOut({ added, changed, vanished, skipped }: MirrorPlan, signal: AbortSignal | undefined): Promise<void> {
    const { target, tell, now, progress } = this.#options;
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
    for (const event of events.values()) tell(event);
    this.#tellSkipped(skipped);
    await target.replica.heard(written.revision);
  }

  #isRefused(wanted: Wanted): boolean {
    const refused = this.#refused.get(nameOf(wanted));
    if (refused === undefined) return false;
    if (refused.content === wanted.mark.content && this.#options.now() - refused.at < REFUSED_AGAIN_MS) return true;
    this.#refused.delete(nameOf(wanted));
    return false;
  }

  /** Who registered itself is told of once, and again after it was gone. */
  #tellSkipped(skipped: MirrorPlan['skipped']): void {
    const now = new Set(skipped.map(nameOf));
    for (const { by, ...wanted } of skipped) {
      if (!this.#skipped.has(nameOf(wanted))) this.#options.tell({ type: 'skipped', wanted, by });
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
 * How long what a source has lost stays here after the source came back, in milliseconds. Registries that keep their
 * leases in memory start empty, and their clients register again at their next beat: Eureka's every 30 s, and the pause
 * that they may have made before is at most twice that.
 */
const RETURN_GRACE_MS = 120_000;

/** How long a source may be away, in milliseconds, before what it had is left to lapse: nobody knows any more whether it lives. */
const AWAY_MAX_MS = 15 * 60_000;

/** Tells a source that has lost its memory from one whose instances are gone. */
export class Patience {
  #awaySince: number | undefined;
  #isEmpty = false;
  #keepsUntil = Number.NEGATIVE_INFINITY;

  /** The source could not be read. @param now Milliseconds, from anywhere. */
  away(now: number): void {
    this.#awaySince ??= now;
  }

  /**
   * The source was read.
   *
   * @param count Instances that it has.
   * @param holds Whether anything of it is here.
   */
  back(now: number, count: number, holds: boolean): void {
    const isEmpty = count === 0 && holds;
    const isEmptied = isEmpty && !this.#isEmpty;
    this.#isEmpty = isEmpty;
    if (this.#awaySince === undefined && !isEmptied) return;
    this.#awaySince = undefined;
    this.#keepsUntil = now + RETURN_GRACE_MS;
  }

  /** Whether what the source has no more is to be removed, rather than to be kept for now. */
  mayRemove(now: number): boolean {
    return this.#awaySince === undefined && now >= this.#keepsUntil;
  }

  /** Whether the source has been away for so long that nothing is known of it any more. */
  isOver(now: number): boolean {
    return this.#awaySince !== undefined && now - this.#awaySince >= AWAY_MAX_MS;
  }
}
