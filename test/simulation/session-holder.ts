import type { InstanceKey } from '../../src/model/batch';
import { CLOSE_CODES, SessionOpened } from '../../src/model/frames';
import { socketPurpose } from '../fixtures/socket-purpose';
import type { SeededRandom } from './seeded-random';
import { SocketPeer } from './socket-peer';
import type { World } from './world';

/** A client in a hurry reconnects a broken socket within a tenth of its ttl and within a second. */
const RETURN_MAX_MS = 1_000;

/**
 * A process that holds a few instances by one session: it pings, reconnects and resumes when its socket breaks, and ends in
 * one of the ways in which processes end. Then it is started again.
 */
export class SessionHolder {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #keys: InstanceKey[];
  readonly #tokenId: string;
  readonly #ttlMs: number;
  #life = 0;
  /** The reconnect time that the registry specified. */
  #withinMs = 0;
  #ticket: string | undefined;
  #peer: SocketPeer | undefined;

  constructor(world: World, keys: InstanceKey[]) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#keys = keys;
    this.#tokenId = `owner-${keys[0]?.id}`;
    const { ttlMs } = world.scenario;
    this.#ttlMs = Math.round(this.#random.magnitude(ttlMs.from, ttlMs.to));
  }

  async live(): Promise<never> {
    const { lifeTtls } = this.#world.scenario;
    await this.#world.sleep(this.#random.between(0, this.#ttlMs));
    for (;;) {
      this.#life += 1;
      this.#ticket = undefined;
      const end = this.#world.time.now + this.#ttlMs * this.#random.magnitude(lifeTtls.from, lifeTtls.to);
      await this.#connect();
      while (this.#world.time.now < end) await this.#goOn();
      await this.#end();
      await this.#world.sleep(this.#ttlMs * this.#random.between(0.3, 2.5));
    }
  }

  /** Waits a third of the ttl, or until the socket breaks; then it reconnects. */
  async #goOn(): Promise<void> {
    const peer = this.#peer;
    const pause = this.#world.sleep((this.#ttlMs / 3) * this.#random.between(0.8, 1));
    await Promise.race([pause, peer?.closed()]);
    if (peer === undefined || !peer.isOpen) return this.#connect();
    const key = this.#key;
    peer.socket.ping(() => this.#world.sessions.heard(key));
    const event = this.#random.weighted({ nothing: 18, cut: 1, again: 1 });
    if (event === 'cut') peer.cut();
    else if (event === 'again') await this.#register(peer);
  }

  get #key(): string {
    return this.#ticket?.split('.')[0] ?? '';
  }

  /** Opens a socket and its session, or resumes it; retries until it succeeds. */
  async #connect(): Promise<void> {
    for (;;) {
      await this.#world.untilUp();
      await this.#world.sleep(this.#pauseMs());
      if (!this.#world.machine.up) continue;
      const purpose = socketPurpose({ subscriber: this.#tokenId, caller: { tokenId: this.#tokenId } });
      const peer = new SocketPeer(this.#world, purpose);
      // An old socket may still exist, half open: it is no longer used.
      this.#peer = peer;
      const askedAt = this.#world.time.now;
      const others = this.#world.sessions.faithfulCount;
      const frame = await peer.ask({ type: 'session', session: this.#ticket, ttlMs: this.#ttlMs });
      if (frame?.type !== 'answer') continue;
      const opened = SessionOpened.parse(frame.body);
      this.#withinMs = opened.reconnectWithinMs;
      this.#world.sessions.askedBackWithin(this.#withinMs, this.#ttlMs, others);
      if (this.#ticket !== undefined && !opened.resumed) {
        this.#world.report('T4', `${this.#tokenId} reconnected in time, but its session had ended`);
      }
      this.#ticket = opened.session;
      this.#world.sessions.opened(this.#key, this.#ttlMs, opened.resumed, askedAt);
      await this.#register(peer);
      return;
    }
  }

  /** Returns the time before it reconnects. */
  #pauseMs(): number {
    if (!this.#world.scenario.usesWholeSpread) {
      return this.#random.between(0, Math.min(RETURN_MAX_MS, this.#ttlMs / 10));
    }
    return this.#random.chance(0.5) ? this.#withinMs : this.#random.between(0, this.#withinMs);
  }

  async #register(peer: SocketPeer): Promise<void> {
    const operations = this.#keys.map((key, index) => ({
      op: 'register',
      ...key,
      address: '10.0.1.1',
      port: 8_000 + index,
      metadata: { life: String(this.#life) },
    }));
    const key = this.#key;
    const askedAt = this.#world.time.now;
    const answer = await peer.ask({ type: 'batch', operations });
    if (answer === undefined) return;
    if (answer.type === 'answer') this.#world.sessions.heard(key, askedAt);
    else this.#world.report('T1', `${this.#tokenId} registered over its session, and got ${JSON.stringify(answer)}`);
  }

  async #end(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return;
    const ending = this.#random.weighted({ ends: 3, closes: 2, dies: 3, hangs: 2 });
    this.#world.trace.add(`${this.#tokenId} ${ending}`);
    if (ending === 'ends' || ending === 'closes') this.#world.sessions.ending(this.#key);
    this.#world.sessions.silent(this.#key);
    if (ending === 'dies') peer.cut();
    else if (ending === 'closes') peer.close(CLOSE_CODES.sessionEnded);
    else if (ending === 'ends') peer.send({ type: 'end' });
  }
}
