import type { LeaseRenewalReport } from '../../model/granted-lease';
import { isOutcomeUnknown } from './frame-calls';
import { HeardLeases, type ProcessClocks } from './heard-leases';
import { type Keepalive, type RenewalBatch, type WaitingRenewal, WaitingRenewals } from './waiting-renewals';

/** Time to live of the lease of a gateway. */
export const KEEPER_TTL_MS = 30_000;

/** Time between two renewals of the lease of the gateway; after a failure, until the next try. */
const KEEPER_INTERVAL_MS = KEEPER_TTL_MS / 3;
const KEEPER_RETRY_MS = 1_000;

/** Revocations under way at the same time. */
const REVOCATIONS_MAX_COUNT = 100;

/** Codes by which the registry refuses a request of a token, whatever the others get. It is not away. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'INVALID_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NAMESPACE_NOT_FOUND',
  'LEASE_NOT_FOUND',
  'TOKEN_NOT_FOUND',
  'CONFLICT',
]);

/**
 * The registry, as a gateway that keeps leases calls it. Leases have the names that clients use. Each call ends within a few
 * seconds, and rejects with an error that has a `code`, or with any other if the registry is out of reach.
 */
export interface LeaseRegistry {
  /** Grants the gateway a lease of {@link KEEPER_TTL_MS}. Returns its id. */
  grantKeeper(): Promise<string>;
  /** Renews the lease of the gateway. Returns false if it has ended. */
  renewKeeper(keeper: string): Promise<boolean>;
  revokeKeeper(keeper: string): Promise<void>;
  /**
   * Renews leases on behalf of an owner, and names their keeper.
   *
   * @param isAsked True if clients wait for it. Otherwise the gateway repeats what it has heard before, so that it may do it
   *   by itself if the owner's credentials are not there.
   */
  renewLeases(
    owner: string,
    keeper: string,
    renewals: readonly { lease: string; ageMs: number }[],
    isAsked: boolean,
  ): Promise<LeaseRenewalReport>;
  /** Revokes a lease on behalf of the gateway, if the keeper still keeps it. */
  revokeLease(keeper: string, lease: string): Promise<void>;
}

/**
 * The leases that this gateway keeps. Its clients' keepalives are passed on in batches, and answered once the registry has
 * acknowledged them. While the lease of the gateway lives, only the gateway declares clients dead, and revokes their leases. If
 * its lease has ended, it is granted another one, and takes over all leases with it.
 *
 * It has no timer: {@link tick} is called every `ATTENTION_PASS_MS`. An owner is any name of a client's credentials.
 *
 * Source: design/decisions/0053-kept-leases.md.
 */
export class KeptLeases {
  readonly #registry: LeaseRegistry;
  readonly #clocks: ProcessClocks;
  readonly #heard: HeardLeases;
  readonly #waiting = new WaitingRenewals();
  /** Owner of each lease that is kept. */
  readonly #owners = new Map<string, string>();
  /** Revocations under way, by lease. */
  readonly #revoking = new Map<string, Promise<void>>();
  #keeper: string | undefined;
  #keeperDueAt = Number.NEGATIVE_INFINITY;
  /** Keeper that may keep leases which this gateway does not know. */
  #doubted: string | undefined;
  #replacedAt = Number.NEGATIVE_INFINITY;
  #isKeeperBusy = false;
  #isClosed = false;
  /** Reason why the registry is out of reach; undefined if it is not. */
  #away: { readonly error: unknown } | undefined;

  constructor(registry: LeaseRegistry, clocks: ProcessClocks) {
    this.#registry = registry;
    this.#clocks = clocks;
    this.#heard = new HeardLeases(clocks);
  }

  /** Owners of the leases that it keeps. */
  get owners(): ReadonlySet<string> {
    return new Set(this.#owners.values());
  }

  /** Number of leases that it keeps. */
  get size(): number {
    return this.#owners.size;
  }

  /** Id of the lease of the gateway, to name in grants; undefined while it has none. */
  get keeper(): string | undefined {
    return this.#keeper;
  }

  /** @throws If the registry does not grant the gateway a lease. A tick tries it again. */
  async start(): Promise<void> {
    await this.#attendKeeper();
    if (this.#away !== undefined) throw this.#away.error;
  }

  /** Gives up all leases: each has its whole time to live from then on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#leave(new Error('the gateway is closed'));
    const keeper = this.#keeper;
    this.#keeper = undefined;
    for (const lease of [...this.#owners.keys()]) this.forget(lease);
    // It ends by itself if the registry is away.
    if (keeper !== undefined) await this.#registry.revokeKeeper(keeper).catch(() => {});
  }

  /** Keeps a lease that was granted with the name of its keeper. One without a time to live needs none. */
  granted(lease: string, owner: string, ttlMs: number | null): void {
    this.forget(lease);
    if (ttlMs === null) return;
    this.#owners.set(lease, owner);
    this.#heard.add(lease, ttlMs);
  }

  /**
   * Records that a call without an answer named a keeper for a lease which this gateway does not know. If it was carried out, no
   * gateway revokes that lease, and the keeper keeps it for ever. So the keeper is replaced, and a lease that is not taken over ends.
   */
  outcomeUnknown(keeper: string): void {
    // One that was replaced meanwhile has ended, or will.
    if (keeper !== this.#keeper) return;
    this.#doubted = keeper;
    this.#checkKeeperIn(KEEPER_RETRY_MS);
  }

  /** Keeps a lease no longer: its client has revoked it. */
  forget(lease: string): void {
    this.#owners.delete(lease);
    this.#heard.remove(lease);
  }

  /**
   * Passes on a keepalive of a client. Resolves when the registry has acknowledged it. A lease that is not kept yet is, if the
   * registry has it and the owner may use it.
   *
   * @throws If the registry refuses it, or is out of reach: end the stream, so that the client comes back.
   */
  heard(lease: string, owner: string): Promise<Keepalive> {
    this.#pass();
    // The call that ends it may be on its way for seconds: a renewal that overtook it would promise what does not hold.
    const revocation = this.#revoking.get(lease);
    if (revocation !== undefined) return revocation.then(() => this.heard(lease, owner));
    const isKept = this.#owners.get(lease) === owner;
    if (isKept) this.#heard.hear(lease);
    const renewal = { heardAt: this.#clocks.monotonic(), isKept };
    if (this.#away !== undefined) {
      // The registry learns of it once it is back.
      if (isKept) this.#waiting.put(owner, lease, { ...renewal, callers: [] });
      return Promise.reject(this.#away.error);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.put(owner, lease, { ...renewal, callers: [{ resolve, reject }] });
      this.#passOn(owner);
    });
  }

  /** Renews the lease of the gateway, passes on keepalives, and revokes the leases of dead clients. */
  tick(): void {
    if (this.#isClosed) return;
    this.#pass();
    if (this.#keeperDueAt <= this.#clocks.monotonic()) void this.#attendKeeper();
    for (const owner of this.#waiting.owners()) this.#passOn(owner);
    // While the registry is away, no client is answered, and each may be busy with coming back.
    if (this.#away !== undefined || this.#keeper === undefined) return;
    for (const lease of this.#heard.lapsed()) {
      if (this.#revoking.size >= REVOCATIONS_MAX_COUNT) return;
      if (!this.#revoking.has(lease)) this.#revoking.set(lease, this.#revoke(this.#keeper, lease));
    }
  }

  #pass(): void {
    // The lease of the gateway may have ended in the gap.
    if (this.#heard.pass()) this.#checkKeeperIn(0);
  }

  #checkKeeperIn(ms: number): void {
    this.#keeperDueAt = Math.min(this.#keeperDueAt, this.#clocks.monotonic() + ms);
  }

  /** Renews the lease of the gateway, or is granted another one, and then names it to all leases. */
  async #attendKeeper(): Promise<void> {
    if (this.#isKeeperBusy) return;
    this.#isKeeperBusy = true;
    this.#keeperDueAt = this.#clocks.monotonic() + KEEPER_INTERVAL_MS;
    try {
      const { keeper } = this;
      const lives = keeper !== undefined && (await this.#registry.renewKeeper(keeper));
      const next = lives ? ((await this.#replacementOf(keeper)) ?? keeper) : await this.#registry.grantKeeper();
      const isNew = next !== keeper;
      if (this.#isClosed) return await (isNew ? this.#registry.revokeKeeper(next) : undefined);
      this.#keeper = next;
      // First of all: a renewal with the age of a keepalive may be older than the last one in the registry, and takes over only
      // what no lease keeps. If the call fails, the old keeper ends by itself.
      if (lives && isNew) await this.#registry.revokeKeeper(keeper).catch(() => {});
      if (this.#isClosed) return;
      if (!lives || this.#away !== undefined) this.#heard.gap();
      this.#away = undefined;
      if (isNew) for (const [lease, owner] of this.#owners) this.#renewAgain(owner, lease);
    } catch (error) {
      this.#keeperDueAt = this.#clocks.monotonic() + KEEPER_RETRY_MS;
      this.#leave(error);
    } finally {
      this.#isKeeperBusy = false;
    }
    for (const owner of this.#waiting.owners()) this.#passOn(owner);
  }

  /** Returns another lease of the gateway if a doubted one is to be replaced: not often, since all leases are renewed then. */
  async #replacementOf(keeper: string): Promise<string | undefined> {
    const now = this.#clocks.monotonic();
    if (keeper !== this.#doubted || now < this.#replacedAt + KEEPER_INTERVAL_MS) return undefined;
    this.#replacedAt = now;
    // A registry that grants no lease at present has one more reason to leave the others as they are.
    return this.#registry.grantKeeper().catch(() => undefined);
  }

  #leave(error: unknown): void {
    this.#away = { error };
    this.#waiting.rejectAll(error);
  }

  /** Renews a lease as of the time when its client was heard. */
  #renewAgain(owner: string, lease: string): void {
    const heardAt = this.#heard.heardAt(lease);
    if (heardAt !== undefined) this.#waiting.put(owner, lease, { heardAt, isKept: true, callers: [] });
  }

  #passOn(owner: string): void {
    if (this.#away !== undefined || this.#keeper === undefined) return;
    const batch = this.#waiting.take(owner, this.#clocks.monotonic());
    if (batch === undefined) return;
    void this.#renew(owner, this.#keeper, batch).finally(() => {
      this.#waiting.done(owner);
      this.#passOn(owner);
    });
  }

  async #renew(owner: string, keeper: string, batch: RenewalBatch): Promise<void> {
    const now = this.#clocks.monotonic();
    const renewals = Array.from(batch, ([lease, { heardAt }]) => ({ lease, ageMs: Math.floor(now - heardAt) }));
    const isAsked = [...batch.values()].some(hasCallers);
    try {
      this.#acknowledged(owner, batch, await this.#registry.renewLeases(owner, keeper, renewals, isAsked));
    } catch (error) {
      if (!REFUSALS.has(codeOf(error))) {
        const isAnyNew = [...batch.keys()].some((lease) => !this.#owners.has(lease));
        if (isAnyNew && isOutcomeUnknown(error)) this.outcomeUnknown(keeper);
        this.#failed(owner, batch, error);
      } else {
        const parts = partsOf(batch);
        if (parts.length === 0) this.#refused(batch, error);
        for (const part of parts) await this.#renew(owner, keeper, part);
      }
    }
  }

  #acknowledged(owner: string, batch: RenewalBatch, { renewed, unknown }: LeaseRenewalReport): void {
    const now = this.#clocks.monotonic();
    for (const { lease, remainingMs, kept } of renewed) {
      const { callers, heardAt } = batch.get(lease) ?? { callers: [], heardAt: now };
      const isHeard = callers.length > 0;
      if (isHeard && !this.#owners.has(lease)) {
        // A renewal that was on its way for the whole time to live leaves 0 of it, and null means that there is none. Its client
        // could not be answered before now, from where the time to live counts.
        this.granted(lease, owner, remainingMs === null ? null : remainingMs + Math.floor(now - heardAt));
      } else if (isHeard) {
        // It may be another token that may use the lease.
        this.#owners.set(lease, owner);
        this.#heard.confirm(lease, heardAt);
      }
      // The lease of the gateway may have ended.
      if (remainingMs !== null && kept === undefined) this.#checkKeeperIn(KEEPER_RETRY_MS);
      for (const { resolve } of callers) resolve({ remainingMs });
    }
    for (const lease of unknown) {
      this.forget(lease);
      for (const { resolve } of batch.get(lease)?.callers ?? []) resolve(undefined);
    }
  }

  /** The registry is out of reach, for this owner at least, whose clients have a time to live to come back. */
  #failed(owner: string, batch: RenewalBatch, error: unknown): void {
    for (const [lease, { callers }] of batch) {
      for (const { reject } of callers) reject(error);
      if (this.#owners.get(lease) === owner) this.#renewAgain(owner, lease);
    }
    for (const [lease, by] of this.#owners) if (by === owner) this.#heard.spare(lease);
    this.#checkKeeperIn(KEEPER_RETRY_MS);
  }

  /** A keepalive that the registry refuses keeps no lease alive: the token of its client may have ended. */
  #refused(batch: RenewalBatch, error: unknown): void {
    for (const [lease, { isKept, callers }] of batch) {
      if (isKept) this.#heard.refute(lease);
      for (const { reject } of callers) reject(error);
    }
  }

  async #revoke(keeper: string, lease: string): Promise<void> {
    try {
      await this.#registry.revokeLease(keeper, lease);
      this.forget(lease);
    } catch (error) {
      // It has ended, or its client has moved to another gateway.
      if (REFUSALS.has(codeOf(error))) this.forget(lease);
      else this.#checkKeeperIn(KEEPER_RETRY_MS);
    } finally {
      this.#revoking.delete(lease);
    }
  }
}

const hasCallers = ({ callers }: WaitingRenewal): boolean => callers.length > 0;

/**
 * Divides a refused batch. What the gateway repeats may be accepted without those that clients wait for. A lease of another token
 * is refused alone: leases that are kept were accepted before, and of the others each may be one. Returns nothing if that can't
 * help.
 */
function partsOf(batch: RenewalBatch): RenewalBatch[] {
  const all = [...batch];
  const asked = all.filter(([, renewal]) => hasCallers(renewal));
  if (asked.length > 0 && asked.length < all.length) {
    return [asked, all.filter(([, renewal]) => !hasCallers(renewal))].map((part) => new Map(part));
  }
  const kept = all.filter(([, { isKept }]) => isKept);
  if (kept.length === all.length || all.length === 1) return [];
  const others = all.filter(([, { isKept }]) => !isKept);
  const half = Math.ceil(others.length / 2);
  const parts = kept.length > 0 ? [kept, others] : [others.slice(0, half), others.slice(half)];
  return parts.map((part) => new Map(part));
}

/** Returns the code of an error of the registry or of the client. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
