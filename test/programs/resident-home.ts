import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { WebSocket } from 'ws';
import type { RuntimeName } from '../../src/launcher/runtime';
import { type RunningRegistry, startRegistry } from '../../src/launcher/start-registry';
import { type Home, homeOf, type Upgrade } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';
import { builtResident } from './built-programs';
import { temporaryFolderOfFile } from './temporary-folder';

/** One process for many suites, as starts are expensive. */
export interface ResidentHomes {
  /**
   * Lends the process to the tests of the `describe` that calls this. Each of them has its own namespace.
   *
   * @param keeps True to use one namespace for all of them.
   */
  home(options?: { keeps?: boolean }): Home;
  /** Returns the process; only valid while a test runs. */
  registry(): RunningRegistry;
}

/** Starts a registry as on one machine, for all tests of the `describe` that calls this. */
export function residentHomes(runtime: RuntimeName): ResidentHomes {
  const data = temporaryFolderOfFile();
  let running: RunningRegistry | undefined;
  let made = 0;
  const registry = (): RunningRegistry => {
    if (running === undefined) throw new Error('the registry runs while tests do');
    return running;
  };
  const fetchFrom = (path: string, init: RequestInit): Promise<Response> =>
    // `as`: Node's fetch requires `duplex` for a streamed body, but the type of its options lacks it.
    fetch(
      registry().url + path,
      init.body instanceof ReadableStream ? ({ ...init, duplex: 'half' } as RequestInit) : init,
    );
  const asRoot = async (method: string, path: string, body?: object): Promise<void> => {
    const headers = { authorization: `Bearer ${ROOT_TOKEN}`, 'content-type': 'application/json' };
    const response = await fetchFrom(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  };

  beforeAll(async () => {
    // In these suites requests carry the caller's address, as from a proxy.
    const residentPath = await builtResident();
    running = await startRegistry({ data, rootToken: ROOT_TOKEN, trustedProxy: true, runtime, residentPath });
  });
  afterAll(async () => {
    await running?.stop();
  });

  return {
    registry,
    home({ keeps = false } = {}) {
      let ns = '';
      const begin = async () => {
        ns = `home-${made++}`;
        await asRoot('POST', '/api/v1/ns', { id: ns });
      };
      const end = () => asRoot('DELETE', `/api/v1/ns/${ns}?force`);
      if (keeps) {
        beforeAll(begin);
        afterAll(end);
      } else {
        beforeEach(begin);
        afterEach(end);
      }
      return homeOf({
        ns: () => ns,
        fetch: fetchFrom,
        upgrade: (path, headers) => upgradeAt(registry().url.replace('http', 'ws') + path, headers),
        callerAt: (address) => ({ headers: { 'x-forwarded-for': address } }),
        // On the resident host an open socket keeps a namespace awake.
        sleepsWithSockets: false,
        sleep: async () => {},
      });
    },
  };
}

/** Requests a WebSocket with the headers of a client. */
async function upgradeAt(url: string, headers: Record<string, string>): Promise<Upgrade> {
  const { 'sec-websocket-protocol': protocols, ...rest } = headers;
  const socket = new WebSocket(url, protocols?.split(', ') ?? [], { headers: rest });
  const answered = Promise.withResolvers<Upgrade>();
  socket.on('upgrade', ({ headers: received, statusCode }) => {
    const named = Object.entries(received).map(([name, value]): [string, string] => [name, String(value)]);
    const upgrade = { status: statusCode ?? 0, headers: new Headers(named), text: '' };
    const unread = {
      accept: () => socket.resume(),
      send: (data: string | Uint8Array) => socket.send(data),
      close: (code?: number, reason?: string) => socket.close(code, reason),
      addEventListener: socket.addEventListener.bind(socket),
    };
    socket.on('open', () => {
      socket.pause();
      answered.resolve({ ...upgrade, socket: unread });
    });
  });
  socket.on('unexpected-response', async (_request, response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(response, 'end');
    const named = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]);
    answered.resolve({ status: response.statusCode ?? 0, headers: new Headers(named), socket: undefined, text });
  });
  socket.on('error', answered.reject);
  return answered.promise;
}
