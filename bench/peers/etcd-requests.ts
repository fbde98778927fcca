import { referenceInstance } from '../reference-instance';
import { HttpConnection } from './http-connection';
import type { CallName, PeerRequests, RequestList } from './requests';

/** Value of an instance in etcd: its members as JSON. */
export const VALUE = Buffer.from(JSON.stringify(referenceInstance(1)));

/** Lease time, longer than the run, so that no lease expires during it. */
const TTL_SECONDS = 3_600;

/** Maximum number of instances of one service, as in a typical fleet. */
const PER_SERVICE = 100;

/** Returns the key of an instance. */
export const keyOf = (service: string, id: string): Buffer => Buffer.from(`/services/${service}/${id}`);

/** Returns the range of all keys of a service: from its prefix to the first key without it. */
export const rangeOf = (service: string) => ({
  key: Buffer.from(`/services/${service}/`),
  range_end: Buffer.from(`/services/${service}0`),
});

const base64 = (bytes: Buffer): string => bytes.toString('base64');

/** Returns the body of a put over the gateway. */
export const putBody = (service: string, id: string, lease: string): string =>
  JSON.stringify({ key: base64(keyOf(service, id)), value: base64(VALUE), lease });

/** Returns the body of a range over the gateway. */
export function rangeBody(service: string, more: object = {}): string {
  const { key, range_end } = rangeOf(service);
  return JSON.stringify({ key: base64(key), range_end: base64(range_end), ...more });
}

/** Grants a lease over the gateway; resolves with its id. */
export async function grantLease(http: HttpConnection, ttlSeconds: number): Promise<string> {
  const granted = await http.send('POST', '/v3/lease/grant', JSON.stringify({ TTL: ttlSeconds }));
  return (JSON.parse(granted) as { ID: string }).ID; // `as`: etcd's own answer
}

/** Requests to etcd's JSON gateway. It renews separate leases, and registers keys attached to these leases in turn. */
export class EtcdRequests implements PeerRequests {
  readonly headers = {};
  readonly #http: HttpConnection;
  readonly #leases: string[] = [];
  #read = 0;
  #turn = 0;

  constructor(port: number) {
    this.#http = new HttpConnection(port);
  }

  async prepare(renewed: number, read: number): Promise<void> {
    this.#read = read;
    while (this.#leases.length < renewed) this.#leases.push(await grantLease(this.#http, TTL_SECONDS));
    for (let n = 0; n < read; n++)
      await this.#http.send('POST', '/v3/kv/put', putBody('read', `r-${n}`, this.#lease(n)));
  }

  async registering(): Promise<() => Promise<void>> {
    this.#turn += 1;
    // The keys stay, because for seconds after deleting that many keys each call costs etcd three times as much.
    return async () => {};
  }

  list(call: CallName): RequestList {
    if (call === 'register') {
      const turn = `turn-${this.#turn}`;
      const service = (n: number) => `${turn}/s-${Math.floor(n / PER_SERVICE)}`;
      const request = (n: number) => ({ path: '/v3/kv/put', body: putBody(service(n), `i-${n}`, this.#lease(n)) });
      return { method: 'POST', request };
    }
    if (call === 'beat') {
      const request = (n: number) => ({ path: '/v3/lease/keepalive', body: JSON.stringify({ ID: this.#lease(n) }) });
      return { method: 'POST', cycle: this.#leases.length, request };
    }
    const body = rangeBody('read', call === 'stale' ? { serializable: true } : {});
    return { method: 'POST', cycle: 1, request: () => ({ path: '/v3/kv/range', body }) };
  }

  isRight(call: CallName, answer: string): boolean {
    if (call === 'register') return answer.includes('"revision"');
    if (call === 'beat') return answer.includes(`"TTL":"${TTL_SECONDS}"`);
    return answer.split('"value"').length - 1 === this.#read;
  }

  #lease(n: number): string {
    return this.#leases[n % this.#leases.length] ?? '';
  }
}
