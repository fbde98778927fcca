import { type Comparison, inTurns, type Row, spreads } from './comparison';
import type { PeerWatch } from './peer';

const TTL_SECONDS = 3_600;
const CHANGES_PER_TURN = 5;
const OPENING_COUNT = 50;
const DELIVERY_MAX_MS = 30_000;

/** Watchers of one service at one peer, with a count of those that have received an instance. */
class Watchers {
  readonly #watches: PeerWatch[] = [];
  #awaited: { id: string; left: number; done: () => void } | undefined;

  async open(watch: (heard: (id: string, exists: boolean) => void) => Promise<PeerWatch>, count: number) {
    let left = count;
    const openSome = async () => {
      while (left-- > 0) this.#watches.push(await watch((id, exists) => this.#hear(id, exists)));
    };
    await Promise.all(Array.from({ length: OPENING_COUNT }, openSome));
  }

  /** Returns the milliseconds from the start of a registration until every watcher has received it. */
  async deliver(id: string, register: () => Promise<void>): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#awaited = { id, left: this.#watches.length, done: resolve };
    const timer = setTimeout(() => reject(new Error(`${this.#awaited?.left} did not receive ${id}`)), DELIVERY_MAX_MS);
    const began = performance.now();
    await Promise.all([promise, register()]).finally(() => clearTimeout(timer));
    return performance.now() - began;
  }

  leave(): void {
    for (const watch of this.#watches) watch.cut();
  }

  #hear(id: string, exists: boolean): void {
    if (!exists || this.#awaited?.id !== id) return;
    this.#awaited.left -= 1;
    if (this.#awaited.left === 0) this.#awaited.done();
  }
}

/** Measures how long one registration takes to reach all watchers of its service, each on a separate connection. */
export async function fanOut(comparison: Comparison, count: number): Promise<Row> {
  const { contenders, log } = comparison;
  const service = `watched-${count}`;
  const crowds = new Map<string, { watchers: Watchers; register: (id: string) => Promise<void>; cut: () => void }>();
  for (const { peer, server } of contenders) {
    const watchers = new Watchers();
    const writer = await server.connect(TTL_SECONDS);
    await watchers.open((heard) => server.watch(service, heard), count);
    crowds.set(peer.name, { watchers, register: (id) => writer.register(service, id), cut: () => writer.cut() });
  }
  try {
    const rounds = await inTurns(comparison, async ({ peer }, round) => {
      const crowd = crowds.get(peer.name);
      if (crowd === undefined) throw new Error(`no client watches ${peer.name}`);
      let total = 0;
      for (let n = 0; n < CHANGES_PER_TURN; n++) {
        const id = `c-${round * CHANGES_PER_TURN + n}`;
        total += await crowd.watchers.deliver(id, () => crowd.register(id));
      }
      return total / CHANGES_PER_TURN;
    });
    const values = spreads(rounds);
    log(`fan-out ${count}: ${[...values].map(([name, { median }]) => `${name} ${median.toFixed(1)} ms`).join(', ')}`);
    const title = `One registration to ${count.toLocaleString('en-US')} watchers, until the last has it`;
    return { title, unit: 'ms', better: 'less', values, rounds };
  } finally {
    for (const { watchers, cut } of crowds.values()) {
      watchers.leave();
      cut();
    }
  }
}
