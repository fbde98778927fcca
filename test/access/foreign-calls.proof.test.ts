import { expect, it, onTestFinished } from 'vitest';
import type { HistoryPage } from '../../src/model/history';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { SeededRandom } from '../simulation/seeded-random';
import { RegistrySocket } from '../watch-proofs/registry-socket';

const ATTEMPTS = 400;
const SERVICE = '/groups/DEFAULT_GROUP/services/orders';
const FOREIGN = ['a', 'b', '10.0.0.9:80'] as const;
const seed = Date.now() % 2 ** 31;

interface Issued {
  id: string;
  token: string;
}

/** The registry as the holder of one token sees it from outside. */
class Caller {
  readonly #registry: RunningRegistry;
  readonly #token: string;
  readonly #inPath: boolean;

  constructor(registry: RunningRegistry, token: string, inPath = false) {
    this.#registry = registry;
    this.#token = token;
    this.#inPath = inPath;
  }

  send(method: string, path: string, body?: unknown): Promise<Response> {
    const prefix = this.#inPath ? `/t/${this.#token}` : '';
    return fetch(`${this.#registry.url}${prefix}/api/v1${path}`, {
      method,
      headers: {
        ...(this.#inPath ? {} : { Authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async get<Body>(path: string): Promise<Body> {
    return (await (await this.send('GET', path)).json()) as Body; // `as`: the caller knows the route
  }
}

/** Makes an attempt of a token with the scope `register`, in some cases on its own instances. */
function attempt(random: SeededRandom, caller: Caller, socket: RegistrySocket): Promise<number> {
  const id = random.pick([...FOREIGN, 'mine', 'mine too']);
  const weight = random.whole(1, 5);
  const one = `/ns/public${SERVICE}/instances/${encodeURIComponent(id)}`;
  const named = { service: 'orders', id };
  const operation = random.pick<object>([
    { op: 'register', ...named, address: '10.6.6.6', port: 6, weight },
    { op: 'update', ...named, weight },
    { op: 'deregister', ...named },
    { op: 'override', ...named, weight: 0 },
  ]);
  const own = { op: 'register', service: 'orders', id: 'mine', address: '10.6.6.6', port: 6, weight };
  const status = async (response: Promise<Response>): Promise<number> => (await response).status;
  const framed = (operations: object[]): Promise<number> =>
    socket.ask({ type: 'batch', operations }).then(
      () => 200,
      () => 403,
    );
  const acts = [
    () => status(caller.send('PUT', one, { address: '10.6.6.6', port: 6, weight })),
    () => status(caller.send('PATCH', one, { weight })),
    () => status(caller.send('DELETE', one)),
    () => status(caller.send('POST', `${one}/heartbeat`)),
    () => status(caller.send('POST', `${one}/drain?wait=0s&grace=0s`)),
    () => status(caller.send('PUT', `${one}/override`, { enabled: false })),
    () => status(caller.send('DELETE', `${one}/override`)),
    () => status(caller.send('POST', `/ns/public${SERVICE}/instances`, { address: '10.0.0.9', port: 80, weight })),
    () =>
      status(caller.send('POST', '/ns/public/heartbeat', { instances: [{ service: 'orders', id: 'mine' }, named] })),
    () => status(caller.send('POST', '/ns/public/batch', { operations: [own, operation] })),
    () => status(caller.send('PUT', `/ns/public${SERVICE}`, { metadata: { owner: 'me' } })),
    () => status(caller.send('DELETE', `/ns/public${SERVICE}?force`)),
    () => status(caller.send('POST', `/ns/public${SERVICE}/rollback`, { to: new Date().toISOString() })),
    () => framed([own, operation]),
    () => framed([operation]),
  ] as const;
  return random.pick(acts)();
}

it(`[A41, A42, A43] no sequence of calls, batches, frames and path tokens changes another caller's instance (seed ${seed})`, async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const root = new Caller(registry, registry.rootToken);
  const issue = async (more: object = {}): Promise<Issued> => {
    const body = { name: 'service', grants: [{ scope: 'register', ns: 'public' }], ...more };
    return (await (await root.send('POST', '/tokens', body)).json()) as Issued; // `as`: the response of this call
  };
  const [victim, stranger, inPath] = [await issue(), await issue(), await issue({ pathWrite: true })];
  const owner = new Caller(registry, victim.token);
  for (const id of FOREIGN) {
    const put = `/ns/public${SERVICE}/instances/${encodeURIComponent(id)}`;
    const lease = { ttlMs: 600_000 };
    expect((await owner.send('PUT', put, { address: '10.0.0.9', port: 80, lease })).status).toBe(201);
  }
  const shown = () =>
    Promise.all(FOREIGN.map((id) => root.get(`/ns/public${SERVICE}/instances/${encodeURIComponent(id)}`)));
  const before = await shown();

  const random = new SeededRandom(seed);
  const socket = await RegistrySocket.open({ url: registry.url, rootToken: stranger.token });
  await socket.session({});
  const callers = [new Caller(registry, stranger.token), new Caller(registry, inPath.token, true)] as const;
  const counts: Record<number, number> = {};
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const status = await attempt(random, random.pick(callers), socket);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  socket.close();
  console.log(JSON.stringify(counts));

  expect(await shown()).toEqual(before);
  const { entries } = await root.get<HistoryPage>('/ns/public/history?limit=1000');
  const names: readonly string[] = FOREIGN;
  const touched = entries.filter(({ actor, changes }) => {
    const foreign = changes.some((change) => 'id' in change && names.includes(change.id));
    return actor !== victim.id && foreign;
  });
  expect(touched).toEqual([]);
  // Many attempts were refused, and some on its own instances succeeded.
  expect(counts[403] ?? 0).toBeGreaterThan(ATTEMPTS / 4);
  expect((counts[200] ?? 0) + (counts[201] ?? 0) + (counts[204] ?? 0)).toBeGreaterThan(ATTEMPTS / 20);
  expect(Object.keys(counts).filter((status) => Number(status) >= 500)).toEqual([]);
});
