import { referenceInstance } from '../reference-instance';
import { HttpConnection } from './http-connection';
import type { CallName, PeerRequests, RequestList } from './requests';

/** What etcd keeps of an instance: the same members as JSON. */
export const VALUE = Buffer.from(JSON.stringify(referenceInstance(1)));

/** Longer than the run: leases are not what is measured here. */
const TTL_SECONDS = 3_600;

/** Instances of one service, at most: as in a fleet. */
const PER_SERVICE = 100;

/** Key of an instance. */
export const keyOf = (service: string, id: string): Buffer => Buffer.from(`/services/${service}/${id}`);

/** All keys of a service: from its prefix to the first that does not begin so. */
export const rangeOf = (service: string) => ({
  key: Buffer.from(`/services/${service}/`),
  range_end: Buffer.from(`/services/${service}0`),
});

const base64 = (bytes: Buffer): string => bytes.toString('base64');

/** Body of a put over the gateway. */
export const putBody = (service: string, id: string, lease: string): string =>
  JSON.stringify({ key: base64(keyOf(service, id)), value: base64(VALUE), lease });

/** Body of a range over the gateway. */
export function rangeBody(service: string, more: object = {}): string {
  const { key, range_end } = rangeOf(service);
  return JSON.stringify({ key: base64(key), range_end: base64(range_end), ...more });
}

/** Grants a lease over the gateway; resolves with its id. */
export async function grantLease(http: HttpConnection, ttlSeconds: number): Promise<string> {
  const granted = await http.send('POST', '/v3/lease/grant', JSON.stringify({ TTL: ttlSeconds }));
  return (JSON.parse(granted) as { ID: string }).ID; // `as`: etcd's own answer
}

/** etcd's JSON gateway: what is renewed are leases of their own, and what is registered is held by them in turn. */
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
    // What is there stays: for seconds after it has deleted so many keys, each call costs etcd three times as much.
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
