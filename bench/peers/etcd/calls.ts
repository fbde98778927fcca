/** The measured calls. */
export type CallName = 'put' | 'put-lease' | 'range-1' | 'range-20' | 'txn' | 'keepalive';

/** Titles of the calls in the report, in its order. */
export const CALL_TITLES: Readonly<Record<CallName, string>> = {
  put: 'put',
  'put-lease': 'put with a lease',
  'range-1': 'range of 1',
  'range-20': 'range of 20',
  txn: 'txn of a compare and 2 puts',
  keepalive: 'keepalive',
};

/** The calls, in the order of the report. */
// `as`: the keys of the record above.
export const CALLS = Object.keys(CALL_TITLES) as CallName[];

/** Number of keys that puts overwrite. The Go client has the same constants. */
export const POOL_KEYS = 10_000;

/** Number of leases that puts use and keepalives renew. */
export const RENEWED_LEASES = 1_000;

/** Number of keys in a range. */
export const READ_KEYS = 20;

/** Connections of the Go client, and concurrent calls of each. */
export const GRPC_CONNECTIONS = 4;
export const GRPC_CALLS_EACH = 16;

/** Maximum number of unanswered messages of a keepalive stream. */
export const KEEPALIVE_WINDOW = 64;

/** Numbers of connections of `wrk`. */
export const JSON_CONNECTIONS: readonly number[] = [32, 128];

/** Returns the title of the row of a call over gRPC. */
export const grpcTitle = (call: CallName): string => `gRPC: ${CALL_TITLES[call]}`;

/** Returns the title of the row of a call over JSON. */
export const jsonTitle = (call: CallName, connections: number): string =>
  `JSON over ${connections} connections: ${CALL_TITLES[call]}`;

/** Watchers, and the connections over which they are spread. */
export interface Crowd {
  watchers: number;
  connections: number;
}

/** Returns the title of the row of a fan-out. */
export const fanOutTitle = ({ watchers, connections }: Crowd): string =>
  `One put to ${watchers.toLocaleString('en-US')} watchers over ${connections} connection${connections === 1 ? '' : 's'}, until the last has it`;
