import type { InstanceKey } from '../../src/model/batch';
import { InstanceDefinition } from '../../src/model/instance';
import { readJsonText } from '../../src/model/json';
import type { Lease } from '../../src/model/lease';
import type { Caller } from '../../src/model/namespace-api';
import { difference, expectedView, shownView } from './expected-view';
import type { Reply } from './machine';
import type { SeededRandom } from './seeded-random';
import type { World } from './world';

/** A holder retries a failed call within a tenth of its ttl and within a second. */
const RETRY_MAX_MS = 1_000;

/** Method of renewal, which differs between clients. */
type Manner = 'heartbeat' | 'many' | 'register';

/**
 * A service instance: registers, renews in time, and ends in one of the ways in which processes end. After a pause it is
 * started again.
 *
 * While it lives it is faithful: it renews every third of its ttl, and retries until it gets an answer.
 */
export class Holder {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #key: InstanceKey;
  readonly #caller: Caller;
  readonly #manner: Manner;
  readonly #lease: Lease;
  #definition: InstanceDefinition;
  #lives = 0;

  constructor(world: World, key: InstanceKey) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#key = key;
    this.#caller = { tokenId: `owner-${key.id}` };
    this.#manner = this.#random.weighted<Manner>({ heartbeat: 6, many: 2, register: 2 });
    this.#lease = this.#someLease();
    this.#definition = this.#someDefinition();
  }

  async live(): Promise<never> {
    const { ttlMs, removeAfterMs } = this.#lease;
    const { lifeTtls } = this.#world.scenario;
    await this.#world.sleep(this.#random.between(0, ttlMs));
    let stalled = false;
    for (;;) {
      if (stalled) await this.#renewOrRegister();
      else await this.#beginLife();
      const end = this.#world.time.now + ttlMs * this.#random.magnitude(lifeTtls.from, lifeTtls.to);
      while (this.#world.time.now < end) await this.#beat();
      const ending = this.#random.weighted({ dies: 5, stalls: 3, leaves: 2, drains: 1 });
      this.#world.trace.add(`${this.#key.id} ${ending}`);
      this.#world.leases.silent(this.#key);
      if (ending === 'leaves') await this.#leave();
      else if (ending === 'drains') await this.#drain();
      // A stalled process does not notice the stall, and continues with a heartbeat.
      stalled = ending === 'stalls';
      const silence = stalled ? ttlMs : (removeAfterMs ?? 4 * ttlMs);
      await this.#world.sleep(silence * this.#random.between(0.3, 2));
    }
  }

  async #beginLife(): Promise<void> {
    this.#lives += 1;
    this.#definition = this.#someDefinition();
    await this.#register();
  }

  /** Sends one beat, after a third of the ttl or a little less. */
  async #beat(): Promise<void> {
    await this.#world.sleep((this.#lease.ttlMs / 3) * this.#random.between(0.8, 1));
    if (!this.#random.chance(0.01)) {
      await this.#renewOrRegister();
      return;
    }
    this.#definition = this.#someDefinition();
    await this.#register();
  }

  async #renewOrRegister(): Promise<void> {
    if (!(await this.#renew())) await this.#register();
  }

  /** Renews until there is an answer. Returns false if the registry does not know the instance. */
  async #renew(): Promise<boolean> {
    if (this.#manner === 'register') return false;
    return this.#untilAnswered(() => (this.#manner === 'many' ? this.#renewMany() : this.#heartbeat()));
  }

  async #heartbeat(): Promise<Reply<boolean>> {
    const reply = await this.#world.ask(
      {
        name: `${this.#key.id} beats`,
        ask: (registry) => {
          this.#heard();
          return registry.renew(this.#caller, this.#key);
        },
      },
      ({ body }, heardAt) => {
        const { expiresAt } = readJsonText(body);
        const lasts = this.#world.machine.clock.timeAt(Date.parse(expiresAt)) - heardAt;
        if (this.#world.clockIsSteady && lasts !== this.#lease.ttlMs) {
          this.#world.report('L1', `${this.#key.id} got a lease of ${lasts} ms`);
        }
        this.#world.leases.acknowledged(this.#key, heardAt);
      },
    );
    if (reply.kind === 'refusal' && reply.code === 'INSTANCE_NOT_FOUND') {
      this.#expectGone(reply.heardAt);
      return { kind: 'answer', value: false, heardAt: reply.heardAt };
    }
    return reply.kind === 'answer' ? { ...reply, value: true } : reply;
  }

  async #renewMany(): Promise<Reply<boolean>> {
    const key = this.#key;
    const stranger = { ...key, id: `${key.id}-stranger` };
    let known = false;
    const reply = await this.#world.ask(
      {
        name: `${key.id} renews in a batch`,
        ask: (registry) => {
          this.#heard();
          return registry.renewMany(this.#caller, [stranger, key]);
        },
      },
      ({ body }, heardAt) => {
        const { renewed, unknown } = readJsonText(body);
        known = renewed === 1;
        if (renewed + unknown.length !== 2 || !unknown.some(({ id }) => id === stranger.id)) {
          this.#world.report('L5', `two leases should be renewed, but the response is ${body}`);
        }
        if (known) this.#world.leases.acknowledged(key, heardAt);
        else this.#expectGone(heardAt);
      },
    );
    return reply.kind === 'answer' ? { ...reply, value: known } : reply;
  }

  async #register(): Promise<void> {
    const key = this.#key;
    await this.#untilAnswered(() =>
      this.#world.ask(
        {
          name: `${key.id} registers`,
          ask: (registry) => {
            this.#heard();
            return registry.register(this.#caller, { key, definition: this.#definition, precondition: {} });
          },
        },
        ({ body, created }, heardAt, revision) => {
          this.#world.leases.acknowledged(key, heardAt);
          const view = readJsonText(body);
          const kept = this.#world.chronicle.replica.service(key.group, key.service, revision);
          const wrong = difference(shownView(view), expectedView(kept, key.id));
          if (wrong !== undefined) this.#world.report('I1', `the registration of ${key.id} was ${wrong}`);
          if (view.metadata.life !== this.#definition.metadata.life && !view.overridden) {
            this.#world.report(
              'I1',
              `${key.id} registered ${this.#definition.metadata.life}, not ${view.metadata.life}`,
            );
          }
          if (created !== (view.createdRevision === view.revision && view.changes === 1) && created) {
            this.#world.report('R1', `${key.id} is reported as new: ${body}`);
          }
        },
      ),
    );
  }

  async #leave(): Promise<void> {
    const key = this.#key;
    await this.#untilAnswered(() =>
      this.#world.ask(
        { name: `${key.id} leaves`, ask: (registry) => registry.deregister(this.#caller, { key, precondition: {} }) },
        (_value, _heardAt, revision) => {
          const left = this.#world.chronicle.replica.record({ kind: 'instance', ...key }, revision);
          if (left?.text !== null) this.#world.report('I1', `${key.id} was deregistered, but exists: ${left?.text}`);
        },
      ),
    );
  }

  async #drain(): Promise<void> {
    const key = this.#key;
    const graceMs = this.#random.pick([0, Math.round(this.#lease.ttlMs / 2)]);
    await this.#untilAnswered(() =>
      this.#world.ask({
        name: `${key.id} drains with a grace of ${graceMs} ms`,
        ask: (registry) => registry.drain(this.#caller, { key, waitMs: 0, graceMs }),
      }),
    );
  }

  /** Retries until the registry answers or refuses. */
  async #untilAnswered<T>(attempt: () => Promise<Reply<T>>): Promise<T | false> {
    for (;;) {
      const reply = await attempt();
      if (reply.kind === 'answer') return reply.value;
      if (reply.kind === 'refusal') return false;
      await this.#world.untilUp();
      await this.#world.sleep(this.#random.between(0, Math.min(RETRY_MAX_MS, this.#lease.ttlMs / 10)));
    }
  }

  #heard(): void {
    this.#world.leases.heard(this.#key, this.#lease, true);
  }

  /** The registry reports that there is no such instance: its journal must confirm it. */
  #expectGone(heardAt: number): void {
    this.#world.chronicle.follow();
    const left = this.#world.chronicle.replica.record({ kind: 'instance', ...this.#key });
    if (left?.text !== null) {
      this.#world.report('I3', `${this.#key.id} got INSTANCE_NOT_FOUND at ${heardAt}, but it exists: ${left?.text}`);
    }
  }

  #someLease(): Lease {
    const { ttlMs: range } = this.#world.scenario;
    const ttlMs = Math.round(this.#random.magnitude(range.from, range.to));
    const removal = this.#random.weighted({ atOnce: 5, later: 4, never: 1 });
    const later = removal === 'never' ? null : Math.round(ttlMs * this.#random.between(1, 3));
    return {
      ttlMs,
      removeAfterMs: removal === 'atOnce' ? ttlMs : later,
      intervalMs: Math.floor(ttlMs / 3),
      ...(this.#random.chance(0.1) ? { firstRemoveAfterMs: Math.round(ttlMs * this.#random.between(1, 4)) } : {}),
    };
  }

  /** Returns the definition of this life, or of this change of configuration: each one is different. */
  #someDefinition(): InstanceDefinition {
    const { ttlMs, removeAfterMs, firstRemoveAfterMs } = this.#lease;
    return InstanceDefinition.parse({
      address: '10.0.0.1',
      port: this.#random.whole(1, 65_535),
      weight: this.#random.pick([0, 1, 1, 1, 2.5]),
      status: this.#random.weighted({ up: 8, starting: 1, 'out-of-service': 1 }),
      metadata: { life: `${this.#lives}-${this.#random.whole(0, 1e9)}`, zone: this.#random.pick(['a', 'b']) },
      tags: this.#random.chance(0.3) ? ['blue'] : [],
      incarnation: this.#random.chance(0.5) ? `run-${this.#lives}` : undefined,
      lease: { ttlMs, removeAfterMs, firstRemoveAfterMs },
    });
  }
}
