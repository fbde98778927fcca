import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '../../test/programs/browser';
import type { Finding } from '../figure';
import type { FrameSocket } from '../frame-socket';
import { NAMESPACE_PATH } from '../population';
import { percentile, ratios, spread } from '../statistics';
import { type ConsoleBench, instancePath, PAGES, registration } from './console-bench';

/** Changes that are measured in a round. */
const PROBES = 40;

/** Pause between two of them, in milliseconds. */
const PAUSE_MS = 50;

/** Rate of the other changes, and the services that they are spread over. */
const LOAD_PER_SECOND = 200;
const LOADED_SERVICES = 20;

/** First in the list of services, so that it is in sight. */
const PROBED = '0-probe';

/** Number of the newest generation of the load's registrations: each must be a change. */
let generation = 0;

/** Milliseconds since the epoch, with fractions, in Node and in the page. */
const NOW = 'performance.timeOrigin + performance.now()';
const now = (): number => performance.timeOrigin + performance.now();

/** Measures the time from sending a change of one instance until its service shows the new count; the floor is a WebSocket. */
export async function changeToPixel(bench: ConsoleBench): Promise<Finding[]> {
  const { server } = bench;
  await server.must('PUT', instancePath(PROBED, 'a'), registration(0));
  for (let n = 0; n < LOADED_SERVICES; n++) await server.must('PUT', instancePath(`load-${n}`, 'a'), registration(n));
  const context = await bench.newProfile();
  const page = await bench.visit(context, PAGES.few);
  const socket = await watchProbed(bench);
  const findings: Finding[] = [];
  for (const [title, rate] of [
    ['Change to pixel, quiet', 0],
    [`Change to pixel, ${LOAD_PER_SECOND} changes/s`, LOAD_PER_SECOND],
  ] as const) {
    const load = new Load(bench, rate);
    const values: Record<'p50' | 'p95', number[]> = { p50: [], p95: [] };
    const floors: Record<'p50' | 'p95', number[]> = { p50: [], p95: [] };
    for (let round = 0; round < bench.rounds; round++) {
      const { pixels, frames } = await probe(bench, page, socket);
      for (const [name, share] of [
        ['p50', 0.5],
        ['p95', 0.95],
      ] as const) {
        values[name].push(percentile(pixels, share));
        floors[name].push(percentile(frames, share));
      }
    }
    const achieved = await load.stop();
    for (const name of ['p50', 'p95'] as const)
      findings.push({
        figure: 'change-to-pixel',
        title: `${title}, ${name}`,
        unit: 'ms',
        value: spread(values[name]),
        floor: { name: 'WebSocket', value: spread(floors[name]) },
        ratio: spread(ratios(values[name], floors[name])),
        ...(name === 'p95' && { goal: { of: 'value', atMost: 200 } as const }),
        note: 'from sending the change until the frame with the new count of its service is painted; *WebSocket* is a client in Node that watches the same namespace and receives the same change',
      });
    if (rate > 0) bench.log(`load: ${achieved.toFixed(0)} of ${rate} changes/s`);
  }
  socket.destroy();
  await context.close();
  return findings;
}

/** Opens a socket that watches the namespace. */
async function watchProbed({ server }: ConsoleBench): Promise<FrameSocket> {
  const socket = await server.openSocket(`${NAMESPACE_PATH}/socket`);
  // Enough for any run: this client returns no credit.
  socket.send(JSON.stringify({ type: 'credit', bytes: 1e9 }));
  const filter = { type: 'watch', id: '1', watch: 'w', observer: true, scope: { services: [PROBED] } };
  socket.send(JSON.stringify(filter));
  return socket;
}

/** Waits until the row of the probed service shows a count, and returns the time of its painting. */
const shown = (count: string) => `new Promise((resolve) => {
  const look = () => {
    const row = [...document.querySelectorAll('.rows .body .row')].find((each) => each.textContent.includes('${PROBED}'));
    if (row?.querySelector('.cnt')?.textContent !== '${count}') return;
    observer.disconnect();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(${NOW});
    requestAnimationFrame(() => port2.postMessage(0));
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
})`;

/** Makes the changes of a round: a second instance of the probed service comes and goes. */
async function probe(bench: ConsoleBench, page: Page, socket: FrameSocket) {
  const { server } = bench;
  const pixels: number[] = [];
  const frames: number[] = [];
  for (let n = 0; n < PROBES; n++) {
    const isPut = n % 2 === 0;
    const painted = bench.evaluate(page, shown(isPut ? '2 of 2' : '1 of 1'), 'a change is not shown');
    // The page must observe before the change is made.
    await page.evaluate('0');
    const received = new Promise<number>((resolve, reject) => {
      socket.onLost = (reason) => reject(new Error(reason));
      socket.onText = (bytes) => {
        if (bytes.includes('"changes"') && bytes.includes('"probed"')) resolve(now());
      };
    });
    const sentAt = now();
    const done = isPut
      ? server.must('PUT', instancePath(PROBED, 'probed'), registration(n))
      : server.must('DELETE', instancePath(PROBED, 'probed'));
    const [paintedAt, receivedAt] = await Promise.all([painted, received, done]);
    pixels.push(Number(paintedAt) - sentAt);
    frames.push(receivedAt - sentAt);
    await sleep(PAUSE_MS);
  }
  return { pixels, frames };
}

/** Changes of other services at a rate. */
class Load {
  readonly #bench: ConsoleBench;
  readonly #rate: number;
  readonly #done: Promise<void>;
  readonly #startedAt = performance.now();
  #count = 0;
  #isOver = false;

  constructor(bench: ConsoleBench, rate: number) {
    this.#bench = bench;
    this.#rate = rate;
    this.#done = this.#run();
  }

  /** Ends the load, and returns the rate that it reached. */
  async stop(): Promise<number> {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const rate = this.#count / seconds;
    this.#isOver = true;
    await this.#done;
    return rate;
  }

  async #run(): Promise<void> {
    const running = new Set<Promise<unknown>>();
    while (!this.#isOver && this.#rate > 0) {
      const due = ((performance.now() - this.#startedAt) / 1_000) * this.#rate;
      for (; this.#count < due && running.size < LOADED_SERVICES; this.#count++) {
        const path = instancePath(`load-${this.#count % LOADED_SERVICES}`, 'a');
        const change = this.#bench.server.must('PUT', path, registration(this.#count, ++generation));
        running.add(change);
        void change.finally(() => running.delete(change));
      }
      await sleep(5);
    }
    await Promise.all(running);
  }
}
