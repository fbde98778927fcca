import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { ATTENTION_PASS_MS } from '../../model/limits';
import type { EntryWatchListener, EtcdNamespace, WatchEnd } from '../../protocols/etcd/etcd-namespace';
import { FarClients } from './far-clients';

/** Few, so that a busy machine verifies all of their tokens in time. */
const MAX_CLIENTS = 10;
const TTL_MS = 60_000;

/** A frame of a client. */
interface Frame {
  type: string;
  id: string;
  keeper?: string;
  lease?: string;
  leases?: { lease: string }[];
}

/** Returns the body of the answer to a frame; undefined to break the connection instead. */
type Answer = (frame: Frame) => object | undefined;

/** A registry that answers frames by hand. */
class HandRegistry {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  /** Frames that arrived, with the token of their socket. */
  readonly frames: (Frame & { token: string })[] = [];
  /** Requests about tokens. */
  readonly checks: string[] = [];
  readonly #open = new Map<string, Set<WebSocket>>();
  readonly revoked = new Set<string>();
  /** Answers that wait, if requests about unknown tokens do. */
  held: ServerResponse[] | undefined;
  /** Replaces the answer to a type of frame. */
  readonly answers = new Map<string, Answer>();
  #granted = 100;

  constructor() {
    this.#server = createServer((request, response) => {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
      if (request.url !== '/api/v1/token') return void response.end('{}');
      this.checks.push(token);
      const isWrong = this.revoked.has(token) || token.startsWith('invented');
      if (isWrong && this.held !== undefined) return void this.held.push(response);
      this.#answer(response, token, isWrong);
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const token = request.headers['sec-websocket-protocol']?.match(/token\.(\S+)/)?.[1] ?? '';
      if (this.revoked.has(token)) return void socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        const all = this.#open.get(token) ?? new Set();
        this.#open.set(token, all.add(opened));
        opened.on('close', () => all.delete(opened));
        opened.on('message', (data) => this.#take(opened, token, String(data)));
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo; // `as`: it listens on a port
    return `http://127.0.0.1:${port}`;
  }

  /** Number of sockets that a token has open. */
  socketsOf(token: string): number {
    return this.#open.get(token)?.size ?? 0;
  }

  /** Revokes a token, and closes its sockets as a registry does that has noticed it. */
  revoke(token: string): void {
    this.revoked.add(token);
    for (const socket of this.#open.get(token) ?? []) socket.terminate();
  }

  /** Answers the requests that are held. */
  release(): void {
    for (const response of this.held?.splice(0) ?? []) this.#answer(response, '', true);
    this.held = undefined;
  }

  sent(type: string, token: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type && frame.token === token);
  }

  close(): void {
    this.release();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(response: ServerResponse, token: string, isWrong: boolean): void {
    response.setHeader('Content-Type', 'application/json');
    response.statusCode = isWrong ? 401 : 200;
    const refusal = { code: 'UNAUTHENTICATED', detail: 'wrong', status: 401, title: 'wrong', type: 'about:blank' };
    response.end(JSON.stringify(isWrong ? refusal : { id: `id of ${token}`, name: token, grants: [], root: false }));
  }

  #take(socket: WebSocket, token: string, text: string): void {
    if (text === 'ping') {
      socket.send('pong');
      return;
    }
    const frame = JSON.parse(text) as Frame; // `as`: what the client sends
    this.frames.push({ ...frame, token });
    const { type, id } = frame;
    const body = this.answers.has(type) ? this.answers.get(type)?.(frame) : this.#body(frame);
    if (body === undefined) socket.terminate();
    else socket.send(JSON.stringify({ type: 'answer', id, body }));
  }

  #body({ type, leases = [] }: Frame): object {
    if (type === 'grant-lease') {
      this.#granted += 1;
      return { id: `${this.#granted}`, ttlMs: TTL_MS };
    }
    if (type !== 'renew-leases') return { revision: 1, results: [] };
    return { renewed: leases.map(({ lease }) => ({ lease, remainingMs: TTL_MS, kept: true })), unknown: [] };
  }
}

let registry: HandRegistry;
let clients: FarClients;
beforeEach(async () => {
  registry = new HandRegistry();
  const url = await registry.start();
  clients = new FarClients({
    url,
    namespace: 'public',
    token: 'gateway',
    defaultToken: false,
    maxClients: MAX_CLIENTS,
  });
  await clients.start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  registry.close();
  await clients.close();
});

/** Lets the clock of the gateway run ahead, without the timers of connections. */
function skip(ms: number): void {
  const { now } = performance;
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + ms);
}

const namespaceOf = async (token: string): Promise<EtcdNamespace> => (await clients.client(token)).namespace;

const ignored: EntryWatchListener = { begun: () => {}, changed: () => {}, reached: () => {}, ended: () => {} };

/** Watches with a token until that begins. Returns how it ends. */
async function watchAs(token: string): Promise<() => WatchEnd | undefined> {
  const watches = (await namespaceOf(token)).openWatches();
  let end: WatchEnd | undefined;
  await new Promise<void>((resolve) => {
    const ended = (reason: WatchEnd): void => {
      end = reason;
    };
    const request = { interval: { from: 'k', to: undefined }, previous: false };
    watches.watch(request, { ...ignored, begun: () => resolve(), ended });
  });
  return () => end;
}

describe('a client that the gateway drops', () => {
  it('learns that its watches are lost', async () => {
    const end = await watchAs('one');
    await clients.close();
    expect(end()).toEqual({ kind: 'lost' });
    await expect.poll(() => registry.socketsOf('one')).toBe(0);
  });

  it('is one without watches and leases, if there are too many', async () => {
    const end = await watchAs('watcher');
    const holder = await namespaceOf('holder');
    await holder.grantLease({ ttlMs: TTL_MS });
    await clients.client('other 0');
    const others = Array.from({ length: MAX_CLIENTS - 2 }, (_, n) => clients.client(`other ${n + 1}`));
    await Promise.all(others);
    expect(registry.checks.filter((token) => token === 'other 0')).toHaveLength(1);
    await Promise.all(['watcher', 'holder', 'other 0'].map((token) => clients.client(token)));
    expect(registry.checks.filter((token) => ['watcher', 'holder'].includes(token))).toHaveLength(2);
    expect(registry.checks.filter((token) => token === 'other 0')).toHaveLength(2);
    expect(end()).toBeUndefined();
  });
});

describe('tokens that the registry has not verified', () => {
  it('close no connection of a client, and are refused beyond a limit', async () => {
    const end = await watchAs('one');
    registry.held = [];
    const invented = Array.from({ length: MAX_CLIENTS }, (_, n) => clients.client(`invented ${n}`));
    const outcomes = Promise.allSettled(invented);
    expect(() => clients.client('invented, too')).toThrow('etcdserver: too many requests');
    // One that is being verified already costs nothing more.
    expect(clients.client('invented 0')).toBe(invented[0]);
    expect(clients.client('one')).not.toBeInstanceOf(Promise);
    await expect.poll(() => registry.held?.length).toBe(MAX_CLIENTS);
    registry.release();
    expect(new Set((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.message))).toEqual(
      new Set(['etcdserver: invalid auth token']),
    );
    expect(end()).toBeUndefined();
    expect(await clients.client('two')).toMatchObject({ user: 'id of two' });
  });
});

describe('a renewal', () => {
  it('[KL9] for a token that was revoked is refused, and not made with that of the gateway', async () => {
    const namespace = await namespaceOf('one');
    await namespace.grantLease({ ttlMs: TTL_MS });
    await expect(namespace.renewLease('102')).resolves.toMatchObject({ body: { remainingMs: TTL_MS } });
    registry.revoke('one');
    // The socket does not say why it does not open. Another time the token is known to be gone.
    skip(6_000);
    await expect.poll(() => namespace.renewLease('102').catch(({ code }) => code)).toBe('UNAUTHENTICATED');
    await expect(namespace.renewLease('102')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const byGateway = registry.sent('renew-leases', 'gateway').flatMap(({ leases = [] }) => leases);
    expect(byGateway.map(({ lease }) => lease)).not.toContain('102');
  });

  it('[KL10] for a token that is valid goes on once the registry is back', async () => {
    const namespace = await namespaceOf('one');
    await namespace.grantLease({ ttlMs: TTL_MS });
    skip(6_000);
    registry.answers.set('renew-leases', ({ leases }) => (leases?.[0]?.lease === '102' ? undefined : { renewed: [1] }));
    await expect(namespace.renewLease('102')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(registry.checks.filter((token) => token === 'one')).toHaveLength(2);
    registry.answers.clear();
    await expect
      .poll(() => namespace.renewLease('102').catch(() => undefined))
      .toMatchObject({ body: { remainingMs: TTL_MS } });
  });
});

describe('a grant', () => {
  it('[KL7] is known to the gateway, also if the newest revision is not', async () => {
    const namespace = await namespaceOf('one');
    registry.answers.set('transaction', () => undefined);
    await expect(namespace.grantLease({ ttlMs: TTL_MS })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(clients.leases).toBe(1);
  });

  it('[KL7] without an answer makes the gateway replace its own lease', async () => {
    const namespace = await namespaceOf('one');
    await namespace.grantLease({ ttlMs: TTL_MS });
    registry.answers.set('grant-lease', ({ keeper }) => (keeper === undefined ? { id: '500' } : undefined));
    await expect(namespace.grantLease({ ttlMs: TTL_MS })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    skip(1_000 + 2 * ATTENTION_PASS_MS);
    await expect.poll(() => registry.sent('revoke-lease', 'gateway')).toMatchObject([{ lease: '101' }]);
    await expect
      .poll(() => registry.frames.filter(({ type, keeper }) => type === 'renew-leases' && keeper === '500'))
      .toMatchObject([{ leases: [{ lease: '102' }] }]);
  });
});
