import type { LoadRequest } from '../load';

/** The measured calls: register, renew, read, and read with stale results allowed. */
export type CallName = 'register' | 'beat' | 'read' | 'stale';

/** Calls of one kind, as `wrk` sends them. */
export interface RequestList {
  method: 'GET' | 'PUT' | 'POST';
  /** Returns request number `n`. */
  request(n: number): LoadRequest;
  /** Number of requests after which the first is repeated. Default: never. */
  cycle?: number;
}

/** Requests of a peer over HTTP/1.1 and JSON. */
export interface PeerRequests {
  /** Headers of every request. */
  headers: Readonly<Record<string, string>>;
  /** Creates the leases to renew, and the service to read. */
  prepare(renewed: number, read: number): Promise<void>;
  /** Prepares a turn of registrations. Returns a function that removes them. */
  registering(): Promise<() => Promise<void>>;
  list(call: CallName): RequestList;
  /** Returns whether an answer is correct. A peer with wrong answers is not measured. */
  isRight(call: CallName, answer: string): boolean;
}
