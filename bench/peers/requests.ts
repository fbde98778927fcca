import type { LoadRequest } from '../load';

/** What is called in turns: to register, to renew, to read, and to read what may be old. */
export type CallName = 'register' | 'beat' | 'read' | 'stale';

/** Calls of one kind, as `wrk` sends them. */
export interface RequestList {
  method: 'GET' | 'PUT' | 'POST';
  /** Request `n`. */
  request(n: number): LoadRequest;
  /** After so many the first comes again. Left out: never. */
  cycle?: number;
}

/** Requests of a peer that is spoken to over HTTP/1.1 and JSON. */
export interface PeerRequests {
  /** Headers of every request. */
  headers: Readonly<Record<string, string>>;
  /** Makes what is renewed and read: so many leases, and one service. */
  prepare(renewed: number, read: number): Promise<void>;
  /** Makes room for a turn of registering, and returns what takes out again what it left. */
  registering(): Promise<() => Promise<void>>;
  list(call: CallName): RequestList;
  /** Whether an answer is the right one; a peer whose answers are wrong is not measured. */
  isRight(call: CallName, answer: string): boolean;
}
