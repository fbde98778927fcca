import type { Position } from '../../src/model/cursor';
import type { Outage } from '../crash/lease-bounds';

/** An instance, as `service/id`. All are in the default group of one namespace. */
export type Key = string;

export const keyOf = (service: string, id: string): Key => `${service}/${id}`;

export const serviceOf = (key: Key): string => key.slice(0, key.indexOf('/'));

export const idOf = (key: Key): string => key.slice(key.indexOf('/') + 1);

/** Content of a registration, as far as histories record it. */
export interface Content {
  weight: number;
  metadata: Record<string, string>;
  /** Null for `ephemeral: false`, which has no lease of its own. */
  lease: { ttlMs: number; removeAfterMs: number } | null;
}

/** An instance in an answer. */
export interface Shown extends Content {
  key: Key;
  revision: number;
  healthy: boolean;
}

/** Condition of a change on its record. */
export interface Condition {
  revision?: number | undefined;
  /** True: the record does not exist. False: it exists. */
  absent?: boolean | undefined;
  /** The record is unchanged since then. */
  since?: Position | undefined;
}

/** A change of one record. */
export type Step = { key: Key; condition: Condition } & (
  | { op: 'register'; content: Content }
  | { op: 'update'; weight: number; metadata: Record<string, string> }
  | { op: 'deregister' }
);

/** An entry in an answer. */
export interface ShownEntry {
  key: Key;
  value: string;
  createdRevision: number;
  revision: number;
  version: number;
  /** Absent until it is acquired. */
  lock?: ShownLock | undefined;
}

/** Lock of an entry in an answer. */
export interface ShownLock {
  /** Id of the lease that holds it; null while it is free. */
  lease: string | null;
  index: number;
  acquiredRevision: number;
}

/** Condition of a transaction on the value of an entry; null: there is none. */
export interface EntryCondition {
  key: Key;
  value: string | null;
}

/** Operation of a transaction. A range shows all keys of its group. */
export type EntryStep =
  /** Leases that acquire or release its lock are of its group. */
  | { op: 'put'; key: Key; value: string; acquire?: string; release?: string }
  | { op: 'delete'; key: Key }
  | { op: 'range'; group: string };

/** Result of an operation of a transaction. */
export type EntryResult =
  | { op: 'put'; entry: Omit<ShownEntry, 'value'> }
  | { op: 'delete'; deleted: number }
  | { op: 'range'; entries: ShownEntry[] };

/** A call of a client. */
export type Call =
  /** One change or a batch; over the socket of a session if one is named. */
  | { kind: 'change'; steps: Step[]; session?: string | undefined }
  /** `since`: the cursor in `If-None-Match`. */
  | { kind: 'read'; key: Key; since?: Position | undefined }
  | { kind: 'list'; service: string; since?: Position | undefined }
  | { kind: 'renew'; keys: Key[] }
  /** Entries of one group, as `group/id`. */
  | { kind: 'transact'; if: EntryCondition[]; do: EntryStep[]; else: EntryStep[] }
  /** The client of a granted lease ends it. It locks entries of one group only. */
  | { kind: 'revoke'; lease: string; group: string }
  /** The holder of a session ends it. */
  | { kind: 'end'; session: string };

/** The result of one step in an answer, without the members that the answer omits. */
export interface StepResult {
  outcome?: 'created' | 'changed' | 'unchanged' | 'removed' | 'absent' | undefined;
  revision?: number | null | undefined;
  shown?: Shown | undefined;
}

/** An answer to a call. */
export type Answer =
  | { kind: 'changed'; at: Position; results: StepResult[] }
  | { kind: 'shown'; at: Position; records: Shown[] }
  | { kind: 'unmodified'; at: Position }
  | { kind: 'renewed'; at: Position; unknown: Key[] }
  | { kind: 'transacted'; at: Position; succeeded: boolean; results: EntryResult[] }
  | { kind: 'revoked'; at: Position }
  | { kind: 'ended' }
  | { kind: 'refused'; code: string };

/** A call in a history. Times are milliseconds since the epoch, by a monotonic clock. */
export interface Operation {
  /** Zero-based position in the history. */
  index: number;
  client: string;
  call: Call;
  start: number;
  /** Time of the answer; null if there was none, so that the call may have taken effect at any time since, or never. */
  end: number | null;
  answer: Answer | null;
}

/** A sign of life of a session: the times of sending and of the answer. */
export interface Sign {
  sentAt: number;
  answeredAt: number;
}

/** A session, as its holder knows it. */
export interface SessionLife {
  ttlMs: number;
  signs: Sign[];
}

/** A granted lease, as its client knows it. */
export interface GrantedLife extends SessionLife {
  /** Group of the entries that it locks. */
  group: string;
  lockDelayMs: number;
  /** True if a renewal was not answered: it may have been renewed once more. */
  isUnsure: boolean;
}

/** A history with its sessions, outages and watchers. */
export interface History {
  seed: number;
  operations: Operation[];
  /** Times at which the registry was down, or may have been. `downBy` is infinite if it was only stalled. */
  outages: Outage[];
  sessions: Record<string, SessionLife>;
  /** Granted leases, by id. */
  leases: Record<string, GrantedLife>;
}

/** Returns the position in an answer. */
export function placeIn(answer: Answer | null): Position | null {
  return answer !== null && 'at' in answer ? answer.at : null;
}

/** Returns those of the known records that a call reads or writes. */
export function keysOf(call: Call, keys: readonly Key[], heldBy: (session: string) => readonly Key[]): readonly Key[] {
  switch (call.kind) {
    case 'change':
      return call.steps.map(({ key }) => key);
    case 'read':
      return [call.key];
    case 'list':
      return keys.filter((key) => serviceOf(key) === call.service);
    case 'renew':
      return call.keys;
    case 'transact':
      return keysOfTransaction(call, keys);
    case 'revoke':
      return keys.filter((key) => serviceOf(key) === call.group);
    case 'end':
      return heldBy(call.session);
  }
}

function keysOfTransaction(call: Extract<Call, { kind: 'transact' }>, keys: readonly Key[]): Key[] {
  const named = [...call.do, ...call.else].flatMap((step) => {
    return step.op === 'range' ? keys.filter((key) => serviceOf(key) === step.group) : step.key;
  });
  return [...new Set([...call.if.map(({ key }) => key), ...named])];
}
