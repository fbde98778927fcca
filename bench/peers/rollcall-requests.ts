import type { BenchServer } from '../bench-server';
import { referenceInstance } from '../reference-instance';
import type { CallName, PeerRequests, RequestList } from './requests';

const API = '/api/v1/ns';
const SERVICES = '/groups/DEFAULT_GROUP/services';

/** Lease time, longer than the run, so that no lease expires during it. */
const LEASE = { ttlMs: 3_600_000 };

/** Maximum number of instances of one service, as in a typical fleet. */
const PER_SERVICE = 100;

const instancePath = (namespace: string, service: string, id: string): string =>
  `${API}/${namespace}${SERVICES}/${service}/instances/${id}`;

/** Returns the path of a renewed instance, each of which has its own lease. */
const renewedPath = (n: number): string => instancePath('public', `beaten-${Math.floor(n / PER_SERVICE)}`, `b-${n}`);

/** Requests to Rollcall's native API. Each instance has its own lease, and each turn of registrations fills a new namespace. */
export class RollcallRequests implements PeerRequests {
  readonly headers: Readonly<Record<string, string>>;
  readonly #server: BenchServer;
  #namespace = 'public';
  #namespaces = 0;
  #renewed = 0;
  #read = 0;

  constructor(server: BenchServer) {
    this.#server = server;
    this.headers = server.authorization;
  }

  async prepare(renewed: number, read: number): Promise<void> {
    this.#renewed = renewed;
    this.#read = read;
    for (let n = 0; n < renewed; n++) await this.#server.must('PUT', renewedPath(n), this.#body(n));
    for (let n = 0; n < read; n++) {
      await this.#server.must('PUT', instancePath('public', 'read', `r-${n}`), this.#body(n));
    }
  }

  async registering(): Promise<() => Promise<void>> {
    const id = `turn-${this.#namespaces++}`;
    await this.#server.must('POST', API, JSON.stringify({ id }));
    this.#namespace = id;
    return async () => void (await this.#server.must('DELETE', `${API}/${id}?force=true`));
  }

  list(call: CallName): RequestList {
    const namespace = this.#namespace;
    if (call === 'register') {
      return {
        method: 'PUT',
        request: (n) => {
          const path = instancePath(namespace, `s-${Math.floor(n / PER_SERVICE)}`, `i-${n}`);
          return { path, body: this.#body(n) };
        },
      };
    }
    if (call === 'beat') {
      const request = (n: number) => ({ path: `${renewedPath(n)}/heartbeat`, body: '' });
      return { method: 'POST', cycle: this.#renewed, request };
    }
    const query = call === 'stale' ? '?consistency=cached' : '';
    return { method: 'GET', cycle: 1, request: () => ({ path: `${API}/public${SERVICES}/read/resolve${query}` }) };
  }

  isRight(call: CallName, answer: string): boolean {
    if (call === 'register') return answer.includes('"available":true');
    if (call === 'beat') return answer.includes('"expiresAt"');
    return answer.split('"address"').length - 1 === this.#read;
  }

  #body(n: number): string {
    return JSON.stringify({ ...referenceInstance(n), lease: LEASE });
  }
}
