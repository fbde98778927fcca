import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An entry of `health/service`, with the members that Consul 1.20 has. */
export interface HealthEntry {
  Node: Record<string, unknown>;
  Service: Record<string, unknown> & { ID: string; Service: string };
  Checks: Record<string, unknown>[];
}

/** Returns a check of an entry. */
export const check = (id: string, status: string, more: object = {}) => ({
  Node: 'host-1',
  CheckID: id,
  Name: "Service 'web' check",
  Status: status,
  Notes: '',
  Output: '',
  ServiceID: 'web-1',
  ServiceName: 'web',
  ServiceTags: ['v1'],
  Type: 'ttl',
  Interval: '',
  Timeout: '',
  ExposedPort: 0,
  Definition: {},
  CreateIndex: 20,
  ModifyIndex: 21,
  ...more,
});

/** Returns the check that every node has. */
export const serfHealth = (status = 'passing') =>
  check('serfHealth', status, {
    Name: 'Serf Health Status',
    Output: status === 'passing' ? 'Agent alive and reachable' : 'Agent not live or unreachable',
    ServiceID: '',
    ServiceName: '',
    ServiceTags: [],
    Type: '',
  });

/** Returns an instance of `web` on `host-1`, as recorded from an agent. */
export function healthEntry(id: string, more: object = {}, checks: HealthEntry['Checks'] = []): HealthEntry {
  return {
    Node: {
      ID: '40e4a748-2192-161a-0510-9bf59fe950b5',
      Node: 'host-1',
      Address: '10.0.0.1',
      Datacenter: 'dc1',
      TaggedAddresses: { lan: '10.0.0.1', lan_ipv4: '10.0.0.1', wan: '10.0.0.1', wan_ipv4: '10.0.0.1' },
      Meta: { 'consul-network-segment': '' },
      CreateIndex: 11,
      ModifyIndex: 13,
    },
    Service: {
      ID: id,
      Service: 'web',
      Tags: ['v1'],
      Address: '10.0.0.5',
      Meta: { k: 'v' },
      Port: 8080,
      Weights: { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
      Proxy: { Mode: '', MeshGateway: {}, Expose: {} },
      Connect: {},
      PeerName: '',
      CreateIndex: 20,
      ModifyIndex: 20,
      ...more,
    },
    Checks: [serfHealth(), ...checks],
  };
}

/** A request of a client, in short. */
interface Asked {
  path: string;
  query: Record<string, string>;
  token: string | undefined;
}

/** A server with the two reads of Consul's HTTP API that a mirror makes, with blocking queries. */
export class FakeConsul {
  readonly asked: Asked[] = [];
  /** Response to every request instead of the lists: a status and a text. */
  failure: { status: number; text: string } | undefined;
  /** True: lists say that the token was not allowed to read all. */
  isFiltered = false;
  #index = 20;
  /** Index of each list, by the name of its service; that of all names has an empty one. */
  readonly #indexes = new Map<string, number>();
  readonly #services = new Map<string, HealthEntry[]>();
  readonly #waiting = new Set<{ name: string; wake: () => void }>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response)).listen(0, '127.0.0.1');
  }

  static async start(): Promise<FakeConsul> {
    const consul = new FakeConsul();
    await once(consul.#server, 'listening');
    return consul;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // `as`: it listens on a port
    return `http://127.0.0.1:${port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /**
   * Sets the instances of a service, and wakes the queries that wait for it; without instances it is gone.
   *
   * @param index Index of the change; a lower one than before is that of a cluster whose state was restored.
   */
  set(name: string, entries: HealthEntry[], index = this.#index + 1): void {
    const changed = this.#services.has(name) === entries.length > 0 ? [name] : [name, ''];
    if (entries.length === 0) this.#services.delete(name);
    else this.#services.set(name, entries);
    this.#index = index;
    for (const each of changed) this.#indexes.set(each, index);
    for (const { name: waited, wake } of [...this.#waiting]) if (changed.includes(waited)) wake();
  }

  /** Number of queries that wait for a change. */
  get waiting(): number {
    return this.#waiting.size;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const token = request.headers['x-consul-token'];
    this.asked.push({ path: pathname, query: Object.fromEntries(searchParams), token: token?.toString() });
    const name = decodeURIComponent(/^\/v1\/health\/service\/([^/]+)$/.exec(pathname)?.[1] ?? '');
    const isKnown = pathname === '/v1/catalog/services' || name !== '';
    if (this.failure !== undefined || !isKnown) {
      const { status, text } = this.failure ?? { status: 404, text: '' };
      response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
      return;
    }
    const respond = () => {
      const services = [...this.#services].map(([each]) => [each, []]);
      const body = name === '' ? Object.fromEntries([['consul', []], ...services]) : (this.#services.get(name) ?? []);
      response
        .writeHead(200, {
          'Content-Type': 'application/json',
          'X-Consul-Index': String(this.#indexOf(name)),
          'X-Consul-KnownLeader': 'true',
          'X-Consul-LastContact': '0',
          ...(this.isFiltered && { 'X-Consul-Results-Filtered-By-ACLs': 'true' }),
        })
        .end(JSON.stringify(body));
    };
    // As Consul does, also an index from another life waits.
    if (Number(searchParams.get('index') ?? 0) < this.#indexOf(name)) {
      respond();
      return;
    }
    const waiter = {
      name,
      wake: () => {
        this.#waiting.delete(waiter);
        respond();
      },
    };
    this.#waiting.add(waiter);
    response.on('close', () => this.#waiting.delete(waiter));
  }

  #indexOf(name: string): number {
    return this.#indexes.get(name) ?? this.#indexes.get('') ?? this.#index;
  }
}
