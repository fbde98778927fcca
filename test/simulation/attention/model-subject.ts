import { attendedBefore, type Disk, type Lease, type Memory, shift } from './model-memory';
import {
  attendedNow,
  CLOCK_JUMP_MS,
  endsAt,
  LATE_MS,
  LOOK_LATE_MS,
  PASS_MS,
  PUNCTUAL_MS,
  type RuleVariant,
  SAVE_EVERY_MS,
} from './model-rule';
import type { Ending, LeaseTerms, Subject, SubjectHost } from './subject';

const LOOK_MIN_MS = 2_000;
const LOOK_MAX_MS = 60_000;
const ALARM_MIN_MS = 250;
const ALARM_LOST_MS = 1_000;

/** The attention rule of the design in its smallest form, written from its pseudo-code alone. */
export class ModelSubject implements Subject {
  readonly #host: SubjectHost;
  readonly #variant: RuleVariant;
  readonly #disk: Disk = { leases: new Map(), row0: { open: false, at: 0, attentiveSince: 0, attended: 0 } };
  #memory: Memory | undefined;

  constructor(host: SubjectHost, variant: RuleVariant = {}) {
    this.#host = host;
    this.#variant = variant;
    const now = host.wall();
    this.#disk.row0 = { open: false, at: now, attentiveSince: now, attended: 0 };
  }

  start(): void {
    this.#wake(this.#host.kind === 'resident');
  }

  async register(terms: LeaseTerms): Promise<void> {
    const memory = this.#entry();
    const lease = { terms, ttlMs: terms.ttlMs, unhealthy: false, open: terms.kind === 'session' };
    memory.leases.set(terms.id, { ...lease, renewedAt: this.#now(), askedAt: undefined });
    this.#saveLease(terms.id);
    this.#rearm();
  }

  async renew(id: string): Promise<boolean> {
    const memory = this.#entry();
    const lease = memory.leases.get(id);
    if (lease !== undefined) this.#renewed(lease, this.#now());
    this.#rearm();
    return lease !== undefined;
  }

  async resume(id: string): Promise<boolean> {
    const memory = this.#entry();
    const lease = memory.leases.get(id);
    if (lease !== undefined) {
      lease.open = true;
      this.#renewed(lease, this.#now());
      this.#saveLease(id);
    }
    this.#rearm();
    return lease !== undefined;
  }

  async read(): Promise<string[]> {
    const memory = this.#entry();
    this.#pass();
    this.#rearm();
    return [...memory.leases.values()].filter(({ unhealthy }) => !unhealthy).map(({ terms }) => terms.id);
  }

  tick(): void {
    this.#entry();
    this.#pass();
    this.#saveIfDue();
  }

  async alarm(scheduledFor: number): Promise<void> {
    const memory = this.#entry(scheduledFor);
    memory.lastLook = this.#now();
    this.#pass();
    this.#save();
    this.#rearm();
  }

  hibernate(): void {
    this.#memory = undefined;
  }

  crash(): void {
    this.#memory = undefined;
  }

  /**
   * Returns the registry's own clock: monotonic if there is one; otherwise {@link #entry} shifts stamps when it is set back.
   */
  #now(): number {
    return this.#host.monotonic();
  }

  /** Comes first in every turn: notices a gap before any renewal of the turn counts. */
  #entry(scheduledFor: number | null = this.#host.armedFor()): Memory {
    const { kind } = this.#host;
    const lateMs = kind === 'cloudflare' && scheduledFor !== null ? this.#host.wall() - scheduledFor : 0;
    const overdue = lateMs > LOOK_LATE_MS;
    if (this.#memory === undefined) {
      const woken = this.#wake(overdue || this.#disk.row0.open);
      woken.punctual = lateMs <= PUNCTUAL_MS;
      return woken;
    }
    const memory = this.#memory;
    if (kind === 'cloudflare' && this.#now() < memory.lastPass) this.#setBack(memory, memory.lastPass - this.#now());
    const now = this.#now();
    const offset = this.#host.wall() - now;
    memory.punctual = kind === 'cloudflare' ? lateMs <= PUNCTUAL_MS : now - memory.lastPass <= PASS_MS + PUNCTUAL_MS;
    const jumped = Math.abs(offset - memory.wallOffset) >= CLOCK_JUMP_MS;
    if (overdue || (kind === 'resident' && (now - memory.lastPass >= PASS_MS + LATE_MS || jumped))) {
      this.#gap(memory, memory.lastPass, now);
    }
    memory.lastPass = now;
    memory.wallOffset = offset;
    return memory;
  }

  /** Follows a clock that was set back. Saves every stamp, or the next wake would shift those of later renewals too. */
  #setBack(memory: Memory, byMs: number): void {
    shift(memory, -byMs);
    memory.lastPass = this.#now();
    for (const id of memory.leases.keys()) this.#saveLease(id);
    this.#saveAttention();
  }

  #gap(memory: Memory, attentiveUntil: number, attentiveSince: number): void {
    if (this.#variant.noGaps) return;
    const { attention } = memory;
    attention.attended += Math.max(0, attentiveUntil - attention.attentiveSince);
    attention.attentiveSince = attentiveSince;
    attention.heard = false;
    this.#saveAttention();
  }

  #wake(gap: boolean): Memory {
    const { row0, leases } = this.#disk;
    const now = this.#now();
    const offset = this.#host.wall() - now;
    const memory: Memory = {
      leases: new Map(),
      attention: { attentiveSince: row0.attentiveSince - offset, attended: row0.attended, heard: false },
      lastPass: now,
      wallOffset: offset,
      lastLook: now,
      savedAt: now,
      dirty: false,
      openedAt: undefined,
      socketsChecked: false,
      punctual: true,
    };
    for (const [id, lease] of leases) {
      // A lease that was saved after row 0 knows of attention that row 0 does not: its ask would lie ahead.
      const askedAt = lease.askedAt === undefined ? undefined : Math.min(lease.askedAt, attendedBefore(row0));
      memory.leases.set(id, { ...lease, renewedAt: lease.renewedAt - offset, askedAt });
    }
    const latest = Math.max(row0.at - offset, ...[...memory.leases.values()].map(({ renewedAt }) => renewedAt));
    this.#memory = memory;
    if (latest > now) this.#setBack(memory, latest - now);
    const at = Math.min(row0.at - offset, now);
    const lostSockets = this.#variant.findsLostSocketsAtWake && this.#findLostSockets(memory);
    if (gap || lostSockets) this.#gap(memory, at, now + this.#host.reconnectSpreadMs);
    return memory;
  }

  /** Checks every lease: asks those past their limit, then ends those that were asked and are past their end. */
  #pass(): void {
    const memory = this.#current();
    const now = this.#now();
    const past = () => [...memory.leases.values()].filter((lease) => this.#endsAt(lease) <= now);
    if (!this.#variant.sessionsNotAsked) {
      for (const lease of memory.leases.values()) {
        if (lease.askedAt !== undefined || this.#endsAt(lease) <= now) this.#askPlatform(lease);
      }
    }
    for (const lease of past()) {
      if (lease.askedAt !== undefined) continue;
      lease.askedAt = attendedNow(memory.attention, now);
      memory.dirty = true;
    }
    if (past().length > 0 && this.#findLostSockets(memory)) {
      this.#gap(memory, memory.lastPass, now + this.#host.reconnectSpreadMs);
    }
    if (!memory.punctual && this.#variant.endsOnlyOnTime) return;
    for (const lease of past()) if (lease.askedAt !== undefined) this.#end(lease);
  }

  /** Reads the last ping of a session, which only the platform knows. */
  #askPlatform(lease: Lease): void {
    const ping = lease.terms.kind === 'session' ? this.#host.lastPing(lease.terms.id) : undefined;
    if (ping === undefined) return;
    const at = Math.min(this.#host.kind === 'resident' ? ping.monotonic : ping.wall, this.#now());
    if (at > lease.renewedAt) this.#renewed(lease, at, false);
  }

  /** Checks once per wake for open sessions without a socket, which count as a gap. */
  #findLostSockets(memory: Memory): boolean {
    if (memory.socketsChecked || this.#host.kind !== 'cloudflare') return false;
    memory.socketsChecked = true;
    const lost = [...memory.leases.values()].filter(
      ({ open, terms }) => terms.kind === 'session' && open && this.#host.lastPing(terms.id) === undefined,
    );
    for (const lease of lost) lease.open = false;
    if (lost.length > 0) memory.dirty = true;
    return lost.length > 0;
  }

  #renewed(lease: Lease, at: number, unsaved = true): void {
    const memory = this.#current();
    const { askedAt } = lease;
    lease.renewedAt = Math.max(lease.renewedAt, at);
    lease.askedAt = undefined;
    lease.unhealthy = false;
    memory.attention.heard = true;
    if (!unsaved) return;
    if (this.#variant.savesAskedRenewals && askedAt !== undefined) this.#saveLease(lease.terms.id);
    else memory.dirty = true;
    if (this.#host.kind !== 'cloudflare' || memory.openedAt !== undefined || !memory.dirty) return;
    memory.openedAt = this.#now();
    this.#saveAttention();
  }

  #end(lease: Lease): void {
    const { terms } = lease;
    const ending: Ending =
      lease.unhealthy || (terms.removeAfterMs !== null && terms.removeAfterMs <= terms.ttlMs) ? 'removed' : 'unhealthy';
    if (ending === 'removed') this.#current().leases.delete(terms.id);
    else lease.unhealthy = true;
    this.#saveLease(terms.id);
    this.#host.ended(terms.id, ending);
  }

  #endsAt(lease: Lease): number {
    const limit = lease.unhealthy ? lease.terms.removeAfterMs : lease.terms.ttlMs;
    if (limit === null) return Number.POSITIVE_INFINITY;
    return endsAt(lease, limit, this.#current().attention, this.#variant);
  }

  #isAsked(memory: Memory): boolean {
    return [...memory.leases.values()].some(
      (lease) => lease.askedAt !== undefined && Number.isFinite(this.#endsAt(lease)),
    );
  }

  #saveIfDue(): void {
    const memory = this.#current();
    if (this.#now() - memory.savedAt < SAVE_EVERY_MS) return;
    if (memory.dirty || this.#isAsked(memory)) this.#save();
  }

  /** Writes a checkpoint, and row 0 as closed. */
  #save(): void {
    const memory = this.#current();
    const wasOpen = memory.openedAt !== undefined;
    if (memory.dirty) for (const id of memory.leases.keys()) this.#saveLease(id);
    memory.dirty = false;
    memory.openedAt = undefined;
    memory.savedAt = this.#now();
    if (wasOpen || this.#host.kind === 'resident' || this.#isAsked(memory)) this.#saveAttention();
  }

  #saveLease(id: string): void {
    const lease = this.#current().leases.get(id);
    if (lease === undefined) this.#disk.leases.delete(id);
    else this.#disk.leases.set(id, { ...lease, renewedAt: lease.renewedAt + this.#host.wall() - this.#now() });
  }

  #saveAttention(): void {
    const { attention, openedAt } = this.#current();
    const at = this.#host.wall();
    const attentiveSince = attention.attentiveSince + at - this.#now();
    this.#disk.row0 = { open: openedAt !== undefined, at, attentiveSince, attended: attention.attended };
  }

  /** Compares the alarm that should be armed with the one that is, at the end of every turn on `cloudflare`. */
  #rearm(): void {
    const memory = this.#current();
    if (this.#host.kind !== 'cloudflare' || memory.leases.size === 0) return;
    const now = this.#now();
    const ttls = [...memory.leases.values()].map(({ ttlMs }) => ttlMs);
    const lookMs = Math.min(LOOK_MAX_MS, Math.max(LOOK_MIN_MS, Math.min(...ttls) / 6));
    const ends = [...memory.leases.values()].map((lease) => this.#endsAt(lease));
    const save = this.#isAsked(memory) ? memory.savedAt + SAVE_EVERY_MS : Number.POSITIVE_INFINITY;
    const close = memory.openedAt === undefined ? Number.POSITIVE_INFINITY : memory.openedAt + SAVE_EVERY_MS;
    const wanted = Math.max(now + ALARM_MIN_MS, Math.min(memory.lastLook + lookMs, save, close, ...ends));
    const armed = this.#host.armedFor();
    const counts = armed !== null && (this.#variant.trustsAlarm || armed > now - ALARM_LOST_MS);
    if (!counts || wanted < armed) this.#host.arm(wanted);
  }

  #current(): Memory {
    if (this.#memory === undefined) throw new Error('the registry is not in memory');
    return this.#memory;
  }
}
