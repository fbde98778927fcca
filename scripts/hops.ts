/**
 * Counts the source files that one call passes through: `npm run hops`, or `npm run hops -- --functions` to list the
 * functions as well.
 *
 * The Worker of `src/worker.ts` runs in workerd with a counter in each of its functions. A file is passed if one of its
 * functions runs during the call; constants and types do not count. After a warm-up each call is repeated, and each
 * function counts with its median, so that checkpoints and timers between calls do not show. The files of a watch event
 * are those with a function that runs more often in a registration that one watcher sees than in one without watchers.
 */
import process from 'node:process';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { parseAst } from 'vitest/node';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { builtConsole } from '../src/launcher/bundle';

const SHOWS_FUNCTIONS = process.argv.includes('--functions');
const ROUNDS = 7;
const WARM_UP_COUNT = 20;
/** Wait for the work after a call: a grouped commit, an answer's log line, a timer. */
const SETTLE_MS = 100;
const TOKEN = 'hops-root-token-0123456789abcdefghijkl';
const SERVICE = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders';

/** Number of runs of each function, in the order of their first run. Keys are `src/file.ts name offset`. */
type Counts = Map<string, number>;

/** A node of a syntax tree, with the members that are read here. */
interface SyntaxNode {
  type: string;
  start: number;
  end: number;
  id?: unknown;
  key?: unknown;
  body?: unknown;
  name?: unknown;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** Returns a bundle with a counter in each function of `src/`. Comments of esbuild name the source file. */
function instrument(bundle: string): string {
  const files = [...bundle.matchAll(/^\/\/ (\S+)$/gm)].reverse();
  const inserts: [at: number, text: string][] = [];
  const visit = (node: SyntaxNode, outerName: string) => {
    const ownName = [node.id, node.key].find(isNode)?.name;
    const name = typeof ownName === 'string' ? ownName : outerName;
    const path = /Function/.test(node.type) ? files.find(({ index }) => index < node.start)?.[1] : undefined;
    if (path?.startsWith('src/') && isNode(node.body)) {
      const count = `__count(${JSON.stringify(`${path} ${name} ${node.start}`)})`;
      const { type, start, end } = node.body;
      if (type === 'BlockStatement') inserts.push([start + 1, `${count};`]);
      else inserts.push([start, `(${count},`], [end, ')']);
    }
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child, name);
  };
  visit(parseAst(bundle), '');
  inserts.sort(([one], [other]) => one - other);
  const pieces = inserts.map(([at, text], index) => text + bundle.slice(at, inserts[index + 1]?.[0]));
  return bundle.slice(0, inserts[0]?.[0]) + pieces.join('');
}

/** Builds the Worker with its counters as one module. `/counts` returns and resets the counters. */
async function countingWorker(): Promise<string> {
  const contents = `
    export * from './src/worker.ts';
    import worker from './src/worker.ts';
    export default {
      fetch(request, env, context) {
        if (new URL(request.url).pathname !== '/counts') return worker.fetch(request, env, context);
        const counts = [...__counts];
        __counts.clear();
        return Response.json(counts);
      },
    };`;
  await builtConsole();
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:*'],
  });
  const counter =
    'const __counts = new Map(); const __count = (key) => __counts.set(key, (__counts.get(key) ?? 0) + 1);';
  return counter + instrument(outputFiles[0]?.text ?? '');
}

const { workerOptions } = unstable_getMiniflareWorkerOptions('wrangler.toml');
const registry = new Miniflare(
  convertV4MiniflareOptions({
    ...workerOptions,
    modulesRules: undefined, // It has one module.
    modules: true,
    script: await countingWorker(),
    bindings: { ROLLCALL_ROOT_TOKEN: TOKEN },
  }),
);
const at = (path: string) => new URL(path, 'http://registry.test');
const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };

/** Calls the registry. Deleting an instance that does not exist is not an error. */
async function call(method: string, path: string, body?: object): Promise<void> {
  const response = await registry.dispatchFetch(at(path), { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.text();
  if (!response.ok && method !== 'DELETE') throw new Error(`${method} ${path}: ${response.status} ${answer}`);
}

/** Paths of the instance that always exists, and of the one that is registered again in each round. */
const [STANDING, COMING] = [1, 2].map((number) => `${SERVICE}/instances/orders-${number}`) as [string, string]; // `as`: one for each number
const register = (path = COMING, port = 8080) => call('PUT', path, { address: '10.0.0.7', port });

const median = (numbers: number[]) => numbers.sort((one, other) => one - other)[numbers.length >> 1] ?? 0;

/** Waits for pending work, and returns how often each function ran since the last call. */
async function takeCounts(): Promise<Counts> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const answer = await registry.dispatchFetch(at('/counts'));
  return new Map((await answer.json()) as [string, number][]); // `as`: the answer of the Worker above
}

/** Returns how often each function runs in one call, in the median of all rounds. */
async function measure(one: () => Promise<void>): Promise<Counts> {
  const rounds: Counts[] = [];
  for (let round = -WARM_UP_COUNT; round < ROUNDS; round += 1) {
    await call('DELETE', COMING);
    if (round >= 0) await takeCounts();
    await one();
    if (round >= 0) rounds.push(await takeCounts());
  }
  const names = [...new Set(rounds.flatMap((counts) => [...counts.keys()]))];
  const medians = names.map((name): [string, number] => [name, median(rounds.map((counts) => counts.get(name) ?? 0))]);
  return new Map(medians.filter(([, count]) => count > 0));
}

const beyond = (counts: Counts, base: Counts): Counts =>
  new Map([...counts].filter(([name, count]) => count > (base.get(name) ?? 0)));

/** Prints the files of a call by room, in the order in which they are first passed. */
function report(title: string, counts: Counts): void {
  const rooms = new Map<string, Map<string, string[]>>();
  for (const name of counts.keys()) {
    const [path = '', call = ''] = name.split(' ');
    const room = path.split('/').slice(0, 2).join('/');
    const files = rooms.get(room) ?? rooms.set(room, new Map()).get(room);
    files?.set(path, [...(files.get(path) ?? []), call]);
  }
  const total = [...rooms.values()].reduce((sum, files) => sum + files.size, 0);
  console.log(`\n${title}: ${total} files, ${counts.size} functions`);
  for (const [room, files] of rooms) {
    console.log(`  ${room}: ${files.size}`);
    for (const [path, names] of files) console.log(`    ${path}${SHOWS_FUNCTIONS ? `: ${names.join(', ')}` : ''}`);
  }
}

/** Opens an event stream, and reads it until it is cancelled. */
async function openStream(): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const { body } = await registry.dispatchFetch(at('/api/v1/ns/public/watch?service=orders'), {
    headers,
    signal: abort.signal,
  });
  body?.pipeTo(new WritableStream()).catch(() => {}); // It ends when it is cancelled.
  return async () => abort.abort();
}

/** Opens a socket with a watch on it. */
async function openSocket(): Promise<() => Promise<void>> {
  const { webSocket } = await registry.dispatchFetch(at('/api/v1/ns/public/socket'), {
    headers: { ...headers, Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'rollcall.v1' },
  });
  if (!webSocket) throw new Error('the registry opened no socket');
  webSocket.accept();
  webSocket.send(JSON.stringify({ type: 'watch', id: '1', watch: 'orders', scope: { services: ['orders'] } }));
  return async () => webSocket.close();
}

try {
  await register(STANDING, 8081);
  const registered = await measure(() => register());
  report('register', registered);
  report('heartbeat', await measure(() => call('POST', `${STANDING}/heartbeat`)));
  report('resolve', await measure(() => call('GET', `${SERVICE}/resolve`)));
  const closeStream = await openStream();
  report('watch event, event stream', beyond(await measure(() => register()), registered));
  await closeStream();
  const closeSocket = await openSocket();
  report('watch event, WebSocket', beyond(await measure(() => register()), registered));
  await closeSocket();
} finally {
  await registry.dispose();
}
