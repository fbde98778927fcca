import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { asObject } from '../../src/cli/sync/source-json';

/** A change of a key, as the history of an etcd has it; without a value, it is deleted. */
interface Change {
  revision: number;
  key: string;
  value: string | undefined;
  lease: string;
}

interface Watcher {
  from: string;
  to: string;
  response: ServerResponse;
}

/** A request of a client, in short. */
interface Asked {
  path: string;
  body: Record<string, unknown>;
  token: string | undefined;
}

const utf8 = (text: unknown): string => Buffer.from(String(text ?? ''), 'base64').toString('latin1');
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** A server with the calls of etcd's JSON gateway that a mirror makes: range, watch and login. */
export class FakeEtcd {
  readonly asked: Asked[] = [];
  /** Paths of the gateway. */
  versions = ['/v3', '/v3beta'];
  /** The only user; undefined: there are none. */
  user: { name: string; password: string } | undefined;
  /** Response to every request instead of a result: a status, and a JSON object or a text. */
  failure: { status: number; body: object | string } | undefined;
  /** Called before each range. */
  onRange: () => void = () => {};
  #cluster = '14443903163313418560';
  #token = 'token-1';
  #compacted = 0;
  #history: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response)).listen(0, '127.0.0.1');
  }

  static async start(): Promise<FakeEtcd> {
    const etcd = new FakeEtcd();
    await once(etcd.#server, 'listening');
    return etcd;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // `as`: it listens on a port
    return `http://127.0.0.1:${port}`;
  }

  get watching(): number {
    return this.#watchers.size;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  put(key: string, value: string, lease = ''): void {
    this.#change({ revision: this.#revision + 1, key, value, lease });
  }

  delete(...keys: string[]): void {
    const revision = this.#revision + 1;
    for (const key of keys) this.#change({ revision, key, value: undefined, lease: '' });
  }

  /** Compacts all revisions but the last. */
  compact(): void {
    this.#compacted = this.#revision;
  }

  /** Ends all watches, as a restart does. */
  cut(): void {
    for (const { response } of this.#watchers) response.destroy();
  }

  /** Ends the logins of all clients. */
  expireLogins(): void {
    this.#token = `token-${Number(this.#token.slice(6)) + 1}`;
  }

  /** Becomes an empty etcd of another cluster, of which its watches do not hear. */
  replace(): void {
    this.#cluster = '1';
    this.#history = [];
  }

  get #revision(): number {
    return this.#history.at(-1)?.revision ?? 1;
  }

  get #header() {
    return { cluster_id: this.#cluster, member_id: '2', revision: String(this.#revision), raft_term: '2' };
  }

  #change(change: Change): void {
    this.#history.push(change);
    // A response for each, as if they were fragments.
    for (const watcher of this.#watchers) this.#send(watcher, [change]);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    // `as`: what a mirror sends
    const body = (await json(request)) as Asked['body'];
    const token = request.headers.authorization;
    this.asked.push({ path, body, token });
    const [, version, call] = /^(\/v3\w*)(\/.*)$/.exec(path) ?? [];
    if (this.failure !== undefined) respond(response, this.failure.status, this.failure.body);
    else if (version === undefined || !this.versions.includes(version)) respond(response, 404, '404 page not found\n');
    else if (call === '/auth/authenticate') this.#logIn(body, response);
    else if (token !== undefined && token !== this.#token) refuse(response, 401, 16, 'etcdserver: invalid auth token');
    else if (this.user !== undefined && token === undefined) refuse(response, 400, 3, 'etcdserver: user name is empty');
    else if (call === '/watch') this.#watch(asObject(body.create_request), response);
    else this.#range(body, response);
  }

  #logIn({ name, password }: Asked['body'], response: ServerResponse): void {
    if (this.user === undefined) refuse(response, 412, 9, 'etcdserver: authentication is not enabled');
    else if (name === this.user.name && password === this.user.password)
      respond(response, 200, { header: this.#header, token: this.#token });
    else refuse(response, 400, 3, 'etcdserver: authentication failed, invalid user ID or password');
  }

  #range(body: Asked['body'], response: ServerResponse): void {
    this.onRange();
    const [from, to, limit] = [utf8(body.key), utf8(body.range_end), Number(body.limit ?? 0)];
    const revision = Number(body.revision ?? this.#revision);
    if (revision < this.#compacted) {
      refuse(response, 400, 11, 'etcdserver: mvcc: required revision has been compacted');
      return;
    }
    const held = new Map<string, Change>();
    for (const change of this.#history.filter((each) => each.revision <= revision)) {
      held.delete(change.key);
      if (change.value !== undefined) held.set(change.key, change);
    }
    const found = [...held.values()].filter(({ key }) => isIn(key, from, to)).sort((a, b) => (a.key < b.key ? -1 : 1));
    const shown = limit > 0 ? found.slice(0, limit) : found;
    const kvs = body.count_only === true ? {} : { kvs: shown.map(keyValue) };
    respond(response, 200, {
      header: this.#header,
      ...kvs,
      ...(shown.length < found.length && { more: true }),
      count: String(found.length),
    });
  }

  #watch(create: Record<string, unknown>, response: ServerResponse): void {
    const watcher = { from: utf8(create.key), to: utf8(create.range_end), response };
    const start = Number(create.start_revision);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    write(response, { header: this.#header, created: true });
    if (start < this.#compacted) {
      write(response, { header: this.#header, canceled: true, compact_revision: String(this.#compacted) });
      return;
    }
    const missed = this.#history.filter(({ revision }) => revision >= start);
    if (missed.length > 0) this.#send(watcher, missed);
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
  }

  #send({ from, to, response }: Watcher, changes: Change[]): void {
    const events = changes
      .filter(({ key }) => isIn(key, from, to))
      .map((each) => ({ ...(each.value === undefined && { type: 'DELETE' }), kv: keyValue(each) }));
    if (events.length > 0) write(response, { header: this.#header, events });
  }
}

const isIn = (key: string, from: string, to: string): boolean => key >= from && (to === '\0' || key < to);

/** Formats a key as etcd does, which omits empty members. */
const keyValue = ({ key, value, lease, revision }: Change) => ({
  key: base64(key),
  mod_revision: String(revision),
  ...(value !== undefined && { value: base64(value) }),
  ...(lease !== '' && { lease }),
});

function write(response: ServerResponse, result: object): void {
  response.write(`${JSON.stringify({ result })}\n`);
}

const refuse = (response: ServerResponse, status: number, code: number, text: string): void =>
  respond(response, status, { error: text, message: text, code });

function respond(response: ServerResponse, status: number, body: object | string): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json' });
  response.end(isText ? body : JSON.stringify(body));
}
