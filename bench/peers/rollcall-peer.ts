import { readFileSync } from 'node:fs';
import { BenchServer } from '../bench-server';
import type { FrameSocket } from '../frame-socket';
import { HOME_TITLES, type Programs } from '../program';
import { referenceInstance } from '../reference-instance';
import { HttpConnection } from './http-connection';
import type { Peer, PeerConnection, PeerServer } from './peer';
import type { PeerRequests } from './requests';
import { RollcallRequests } from './rollcall-requests';

/** Transport of a client's registrations, heartbeats and reads. */
type Protocol = 'HTTP' | 'socket';

const NAMESPACE = '/api/v1/ns/public';
const servicePath = (service: string): string => `${NAMESPACE}/groups/DEFAULT_GROUP/services/${service}`;

/** Returns a number for an id, so that each instance has a separate address. */
const numberOf = (id: string): number => Number.parseInt(id.replace(/\D/g, ''), 10) % 1_000_000;

/** A client over HTTP, which renews its first registration. */
class RollcallConnection implements PeerConnection {
  readonly #http: HttpConnection;
  readonly #ttlMs: number;
  #held: string | undefined;

  constructor(http: HttpConnection, ttlSeconds: number) {
    this.#http = http;
    this.#ttlMs = ttlSeconds * 1_000;
  }

  async register(service: string, id: string): Promise<void> {
    const path = `${servicePath(service)}/instances/${id}`;
    const body = { ...referenceInstance(numberOf(id)), lease: { ttlMs: this.#ttlMs } };
    await this.#http.send('PUT', path, JSON.stringify(body));
    this.#held ??= path;
  }

  async beat(): Promise<void> {
    await this.#http.send('POST', `${this.#held}/heartbeat`);
  }

  read(service: string): Promise<number> {
    return this.#resolve(`${servicePath(service)}/resolve`);
  }

  readStale(service: string): Promise<number> {
    return this.#resolve(`${servicePath(service)}/resolve?consistency=cached`);
  }

  cut(): void {
    this.#http.cut();
  }

  async #resolve(path: string): Promise<number> {
    const text = await this.#http.send('GET', path);
    const { instances } = JSON.parse(text) as { instances: unknown[] }; // `as`: the registry's tests check this shape
    return instances.length;
  }
}

/** A client over one socket. Its registrations belong to the session's lease, which a ping renews. */
class SocketConnection implements PeerConnection {
  readonly #socket: FrameSocket;

  private constructor(socket: FrameSocket) {
    this.#socket = socket;
  }

  static async open(server: BenchServer, ttlSeconds: number): Promise<SocketConnection> {
    const connection = new SocketConnection(await server.openSocket(`${NAMESPACE}/socket`));
    await connection.#ask({ type: 'session', id: 's', ttlMs: ttlSeconds * 1_000 });
    return connection;
  }

  async register(service: string, id: string): Promise<void> {
    const operation = { op: 'register', service, id, ...referenceInstance(numberOf(id)) };
    await this.#ask({ type: 'batch', id: 'b', operations: [operation] });
  }

  async beat(): Promise<void> {
    const answer = this.#socket.next();
    this.#socket.send('ping');
    await answer;
  }

  async read(service: string): Promise<number> {
    // `as`: the registry's tests check this shape.
    const { body } = (await this.#ask({ type: 'resolve', id: 'r', service })) as { body: { instances: unknown[] } };
    return body.instances.length;
  }

  cut(): void {
    this.#socket.destroy();
  }

  async #ask(frame: object): Promise<unknown> {
    const answer = this.#socket.next();
    this.#socket.send(JSON.stringify(frame));
    const text = await answer;
    if (!text.includes('"type":"answer"')) throw new Error(`a frame was answered with ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}

/** Members of a frame that the bench reads. */
interface Frame {
  type: string;
  changes?: { type: string; kind: string; id: string }[];
}

class RollcallServer implements PeerServer {
  readonly #server: BenchServer;
  readonly #protocol: Protocol;
  readonly requests: PeerRequests | undefined;

  constructor(server: BenchServer, protocol: Protocol) {
    this.#server = server;
    this.#protocol = protocol;
    this.requests = protocol === 'HTTP' ? new RollcallRequests(server) : undefined;
  }

  get pid(): number {
    return this.#server.pid;
  }

  get port(): number {
    return Number(new URL(this.#server.origin).port);
  }

  async connect(ttlSeconds: number): Promise<PeerConnection> {
    if (this.#protocol === 'socket') return SocketConnection.open(this.#server, ttlSeconds);
    return new RollcallConnection(new HttpConnection(this.port, this.#server.authorization), ttlSeconds);
  }

  async watch(service: string, heard: (id: string, exists: boolean) => void): Promise<{ cut: () => void }> {
    const socket = await this.#server.openSocket(`${NAMESPACE}/socket`);
    const begun = Promise.withResolvers<void>();
    socket.onLost = (reason) => begun.reject(new Error(reason));
    socket.onText = (bytes) => {
      const frame = JSON.parse(bytes.toString()) as Frame; // `as`: the same
      if (frame.type === 'snapshot') begun.resolve();
      for (const change of frame.changes ?? []) {
        if (change.kind === 'instance') heard(change.id, change.type === 'put');
      }
    };
    socket.send(JSON.stringify({ type: 'watch', id: 'w', watch: 'w', scope: { services: [service] } }));
    await begun.promise;
    return { cut: () => socket.destroy() };
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}

const WATCHED = 'a watch on a socket of its own';

const MEANS: Record<Protocol, Peer['means']> = {
  HTTP: {
    register: 'PUT of an instance, which has a lease of its own',
    beat: 'POST of its heartbeat',
    read: 'GET that resolves the service',
    stale: 'the same with `consistency=cached`: a copy, up to 5 s old',
    watch: WATCHED,
  },
  socket: {
    register: 'a frame that registers one, held by the session of the socket',
    beat: 'a ping, which the connection answers without the core',
    read: 'a frame that resolves the service',
    stale: 'none: its client watches, and has the list',
    watch: WATCHED,
  },
};

/** Returns the name of Rollcall in one home. The resident host on Deno, which `npm start` runs, has no addition. */
function nameOf({ home }: Programs, protocol: Protocol): string {
  const place = home === 'deno' ? '' : home === 'node' ? ' on Node' : ' in workerd';
  return `Rollcall${place}${protocol === 'socket' ? ', socket' : ''}`;
}

/** Returns Rollcall in one of its homes, with its native API. */
export function rollcall(programs: Programs, protocol: Protocol): Peer {
  return {
    name: nameOf(programs, protocol),
    transport:
      protocol === 'HTTP' ? 'HTTP/1.1 and JSON; watches over WebSockets' : 'one WebSocket a client, JSON frames',
    means: MEANS[protocol],
    version: () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }; // `as`: npm requires it
      return `${version}, ${HOME_TITLES[programs.home]}`;
    },
    start: async (workspace, storage) =>
      new RollcallServer(await BenchServer.start({ workspace, program: programs.registry, storage }), protocol),
  };
}
