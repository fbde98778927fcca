import type { Load, LoadRequest } from '../../load';
import { VALUE } from '../etcd-requests';
import { type CallName, POOL_KEYS, READ_KEYS, RENEWED_LEASES } from './calls';

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

const numbered = (folder: string, n: number): string =>
  base64(`/bench/${folder}/${String(n % POOL_KEYS).padStart(5, '0')}`);

const value = base64(VALUE);

const leaseOf = (n: number): string => String(1 + (n % RENEWED_LEASES));

/** Requests of one call through etcd's JSON gateway, on the keys and leases of the Go client. */
interface JsonCall {
  path: string;
  body: (n: number) => object;
  /** Returns whether an answer is correct. */
  isRight: (answer: string) => boolean;
}

const hasRevision = (answer: string): boolean => answer.includes('"revision"');

const CALLS: Readonly<Record<CallName, JsonCall>> = {
  put: { path: '/v3/kv/put', body: (n) => ({ key: numbered('put', n), value }), isRight: hasRevision },
  'put-lease': {
    path: '/v3/kv/put',
    body: (n) => ({ key: numbered('leased', n), value, lease: leaseOf(n) }),
    isRight: hasRevision,
  },
  'range-1': {
    path: '/v3/kv/range',
    body: () => ({ key: base64('/bench/read/00') }),
    isRight: (answer) => answer.includes('"count":"1"') && answer.includes(value),
  },
  'range-20': {
    path: '/v3/kv/range',
    body: () => ({ key: base64('/bench/read/'), range_end: base64('/bench/read0') }),
    isRight: (answer) => answer.split('"value"').length - 1 === READ_KEYS,
  },
  txn: {
    path: '/v3/kv/txn',
    body: (n) => ({
      compare: [{ result: 'GREATER', target: 'VERSION', key: base64('/bench/guard'), version: '0' }],
      success: [n, n + POOL_KEYS / 2].map((each) => ({ requestPut: { key: numbered('put', each), value } })),
    }),
    isRight: (answer) => answer.includes('"succeeded":true'),
  },
  keepalive: {
    path: '/v3/lease/keepalive',
    body: (n) => ({ ID: leaseOf(n) }),
    isRight: (answer) => answer.includes('"TTL":"3600"'),
  },
};

/** Returns the requests of a call in the order in which `wrk` repeats them. */
export function jsonRequests(call: CallName): Pick<Load, 'method' | 'requests'> {
  const { path, body } = CALLS[call];
  const request = (n: number): LoadRequest => ({ path, body: JSON.stringify(body(n)) });
  const length = call.startsWith('range') ? 1 : call === 'keepalive' ? RENEWED_LEASES : POOL_KEYS;
  return { method: 'POST', requests: Array.from({ length }, (_, n) => request(n)) };
}

/**
 * Sends one request of a call and reads its answer.
 *
 * @throws {Error} if the answer is wrong, because such a server is not measured.
 */
export async function checkJson(call: CallName, origin: string, headers: Record<string, string>): Promise<void> {
  const { path, body, isRight } = CALLS[call];
  const answer = await fetch(origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body(0)),
  });
  const text = await answer.text();
  if (!isRight(text)) throw new Error(`${call} at ${origin} answered ${text.slice(0, 300)}`);
}
