import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../fixtures/etcd-stage';
import { EtcdStream } from '../fixtures/etcd-stream';
import { SeededRandom } from '../simulation/seeded-random';
import { type EtcdExchange, EtcdRequests } from './etcd-random';
import { startEtcd } from './etcd-server';
import { ETCD_CASES } from './etcd-table';

/** Sends the same requests to etcd 3.4 and to the door for its clients, and compares the answers. */

/** Both sides of a comparison. */
class Pair {
  readonly stage = new EtcdStage();
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  static async start(): Promise<Pair> {
    return new Pair(await startEtcd());
  }

  /** Watches on both sides until they have caught up, and returns what they got. */
  async watch(text: string): Promise<{ theirs: string; ours: string }> {
    const init = { method: 'POST', body: text };
    for (let quietMs = QUIET_MS; ; quietMs *= 4) {
      const [theirs, ours] = await Promise.all([
        fetch(`${this.#url}/v3/watch`, init).then((response) => changesIn(response, quietMs)),
        this.stage.send('/v3/watch', text).then((response) => changesIn(response, quietMs)),
      ]);
      // On a busy machine one of them may take longer.
      if (ours === theirs || quietMs > QUIET_MAX_MS) return { theirs, ours };
    }
  }

  async #askEtcd(path: string, body: string): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(`${this.#url}/v3/${path}`, { method: 'POST', body });
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      // Some requests end its process.
      throw new Error(`etcd failed at ${path} ${body}`, { cause });
    }
  }

  async ask({ path, body }: EtcdExchange): Promise<{ theirs: string; ours: string; revision: number }> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const [theirs, ours] = await Promise.all([this.#askEtcd(path, text), this.stage.answer(path, text)]);
    const revision = /"revision":"(\d+)"/.exec(theirs.text)?.[1];
    return { theirs: shown(theirs), ours: shown(ours), revision: Number(revision ?? 0) };
  }
}

/** Times without a further response after which a watch is taken to have caught up. */
const QUIET_MS = 100;
const QUIET_MAX_MS = 5_000;

/** Returns the events of a watch that has caught up, or how it was cancelled. Responses may have several revisions. */
async function changesIn(response: Response, quietMs: number): Promise<string> {
  const stream = new EtcdStream(response);
  const found: unknown[] = [];
  for (;;) {
    const next = await Promise.race([stream.next(), sleep(quietMs, undefined)]);
    if (next === undefined) break;
    const { events = [], canceled, compact_revision } = next;
    found.push(...events, ...(canceled ? [{ canceled, compact_revision }] : []));
  }
  await stream.close();
  return found.map((each) => JSON.stringify(each, masked)).join('\n');
}

/** Statuses that the gateway of etcd 3.4 has, and those of later ones, by the code of gRPC. */
const LATER_STATUS: Record<number, number> = { 9: 400, 8: 429 };

/** Returns an answer without what has to differ: ids of members, and how long a lease still lives. */
function shown({ status, text }: { status: number; text: string }): string {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
  const code = (lines[0] as { code?: number } | undefined)?.code; // `as`: read as what an error has
  const known = code === undefined ? status : (LATER_STATUS[code] ?? status);
  return `${known} ${JSON.stringify(lines, masked)}`;
}

function masked(this: unknown, name: string, value: unknown): unknown {
  if (name === 'cluster_id' || name === 'member_id' || name === 'raft_term') return undefined;
  // Of a lease that exists: the clock of one side stands still.
  if (name === 'TTL' && (this as { grantedTTL?: string }).grantedTTL !== undefined) return '…'; // `as`: an object's member
  // In the order of their ends, which depends on the clocks.
  if (name === 'leases' && Array.isArray(value)) return value.map((each) => JSON.stringify(each)).sort();
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return value;
}

const SEEDS = (process.env.ETCD_SEEDS ?? '1,2,3').split(',').map(Number);
const REQUESTS = Number(process.env.ETCD_REQUESTS ?? 400);

describe('the door for etcd, compared with etcd 3.4', () => {
  it.each(SEEDS)('[EK8] answers random requests alike, with seed %d', async (seed) => {
    const pair = await Pair.start();
    const requests = new EtcdRequests(new SeededRandom(seed));
    const differences: string[] = [];
    for (let count = 0; count < REQUESTS && differences.length < 5; count++) {
      const exchange = requests.next();
      const { theirs, ours, revision } = await pair.ask(exchange);
      if (revision > requests.revision) requests.revision = revision;
      if (exchange.path === 'kv/compaction' && theirs.startsWith('200')) {
        requests.compacted = Number((exchange.body as { revision: string }).revision); // `as`: as it was made
      }
      if (theirs !== ours)
        differences.push(
          `#${count} ${exchange.path} ${JSON.stringify(exchange.body)}\n  etcd: ${theirs}\n  door: ${ours}`,
        );
    }
    expect(differences.join('\n')).toBe('');
  });

  it.each(SEEDS)('[EW2, EW3] sends the same changes, with seed %d', async (seed) => {
    const pair = await Pair.start();
    const random = new SeededRandom(seed);
    const requests = new EtcdRequests(random);
    for (let count = 0; count < REQUESTS / 2; count++) {
      const { revision } = await pair.ask(requests.next());
      if (revision > requests.revision) requests.revision = revision;
    }
    for (let count = 0; count < 20; count++) {
      const create = {
        ...requests.watch(),
        start_revision: random.whole(1, requests.revision + 1),
        prev_kv: true,
      };
      const text = JSON.stringify({ create_request: create });
      const { theirs, ours } = await pair.watch(text);
      expect(ours, text).toBe(theirs);
    }
  });

  it('[EK8] answers the requests of a table alike, but where a reason is given', async () => {
    const pair = await Pair.start();
    const differences: string[] = [];
    for (const { path, body, differs } of ETCD_CASES) {
      const { theirs, ours } = await pair.ask({ path, body });
      const isExpected =
        differs === undefined
          ? theirs === ours
          : differs === 'text'
            ? statusAndCode(theirs) === statusAndCode(ours)
            : theirs !== ours && ours.startsWith(differs.door);
      if (!isExpected) differences.push(`${path} ${JSON.stringify(body)}\n  etcd: ${theirs}\n  door: ${ours}`);
    }
    expect(differences.join('\n')).toBe('');
  });
});

const statusAndCode = (answer: string): string => /^\d+ \[{"code":\d+/.exec(answer)?.[0] ?? answer;
