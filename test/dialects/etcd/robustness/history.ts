/** A key with its content, as answers and events show it. */
export interface ShownKey {
  key: string;
  value: string;
  created: number;
  modified: number;
  version: number;
  /** Id of its lease; 0 for none. */
  lease: string;
}

/** A step of a transaction; a put, a deletion or a range by itself is a transaction of one step. */
export type Step =
  | { op: 'put'; key: string; value: string; lease: string; prevKv: boolean }
  | { op: 'delete'; key: string; end: string; prevKv: boolean }
  | { op: 'range'; key: string; end: string; limit: number };

/** Condition of a transaction: a property of a key equals a number. A key that does not exist has 0. */
export interface Compare {
  key: string;
  target: 'version' | 'modified' | 'created';
  operand: number;
}

export type Request =
  | { kind: 'txn'; compares: readonly Compare[]; success: readonly Step[]; failure: readonly Step[] }
  /** Revision 0 is the newest one. */
  | { kind: 'range'; step: Extract<Step, { op: 'range' }>; revision: number; serializable: boolean }
  | { kind: 'grant'; ttl: number }
  | { kind: 'revoke'; lease: string }
  | { kind: 'compact'; revision: number };

export type StepResult =
  | { op: 'put'; prev: ShownKey | null }
  | { op: 'delete'; deleted: number; prevs: ShownKey[] }
  | { op: 'range'; keys: ShownKey[]; count: number; more: boolean };

export interface Answer {
  /** Revision of the header. */
  revision: number;
  succeeded: boolean;
  results: StepResult[];
  /** Id and time to live of a lease that was granted. */
  lease?: { id: string; ttl: number };
}

/** A call. Times are milliseconds since the epoch, by a monotonic clock. */
export interface Operation {
  index: number;
  client: string;
  request: Request;
  start: number;
  /** Null if its outcome is unknown. */
  end: number | null;
  answer: Answer | null;
  /** Code and text of a refusal, after which nothing has changed; null if there was none. */
  refusal: { code: number; text: string } | null;
}

/** A change of a key, as a watch shows it. */
export interface WatchedEvent {
  type: 'put' | 'delete';
  key: string;
  /** Revision of the change. */
  revision: number;
  /** Null for a deletion. */
  after: ShownKey | null;
  /** Null if it was not there; undefined if it was not requested. */
  before: ShownKey | null | undefined;
}

export interface WatchRequest {
  key: string;
  end: string;
  /** 0: from now on. */
  startRevision: number;
  prevKv: boolean;
  progressNotify: boolean;
  /** Changes that are left out. */
  without: 'put' | 'delete' | null;
  fragment: boolean;
}

export interface WatchResponse {
  at: number;
  revision: number;
  kind: 'created' | 'events' | 'progress' | 'canceled';
  /** Revision to which the history was dropped; 0 unless that is the reason of the cancellation. */
  compactRevision: number;
  /** True if the rest of these events follows in another response. */
  fragment: boolean;
  events: WatchedEvent[];
}

/** One watch on one stream. A watcher that resumes has several. */
export interface WatchHistory {
  watcher: string;
  request: WatchRequest;
  responses: WatchResponse[];
  /** Time at which its stream ended; null if the client left. */
  brokenAt: number | null;
  /** Revision that it has to have reached at the end of the run; 0 if it ended earlier. */
  settledAt: number;
}

/** A lease as its client knows it. */
export interface LeaseLife {
  id: string;
  ttlMs: number;
  /** Its grant, and its renewals in the order in which they were sent. */
  renewals: Renewal[];
  /** Time at which its revocation was sent; null if it never was. */
  revokedAt: number | null;
  /** Times at which an answer said that it was gone. */
  goneAt: number[];
}

export interface Renewal {
  isGrant: boolean;
  sentAt: number;
  /** Null if there was no answer. */
  answeredAt: number | null;
}

/** All that happened in a run. */
export interface History {
  operations: Operation[];
  watches: WatchHistory[];
  leases: LeaseLife[];
}

/** Returns whether a range has a key. An empty end stands for a single key. */
export function isInRange(key: string, from: string, end: string): boolean {
  return end === '' ? key === from : key >= from && (end === '\u0000' || key < end);
}
