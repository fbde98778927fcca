import type { Position } from '../../src/core/namespace/commit/journal-format';
import type { Outage } from '../crash/lease-bounds';

/** An instance, as `service/id`. All are in the default group of one namespace. */
export type Key = string;

export const keyOf = (service: string, id: string): Key => `${service}/${id}`;

export const serviceOf = (key: Key): string => key.slice(0, key.indexOf('/'));

export const idOf = (key: Key): string => key.slice(key.indexOf('/') + 1);

/** What a registration says, as far as histories write it. */
export interface Content {
  weight: number;
  metadata: Record<string, string>;
  /** Null where it has no lease of its own making: `ephemeral: false`. */
  lease: { ttlMs: number; removeAfterMs: number } | null;
}

/** An instance as an answer showed it. */
export interface Shown extends Content {
  key: Key;
  revision: number;
  healthy: boolean;
}

/** What a change asks of the record that it changes. */
export interface Condition {
  revision?: number | undefined;
  /** True: there is none. False: there is one. */
  absent?: boolean | undefined;
  /** It is unchanged since then. */
  since?: Position | undefined;
}

/** A change of one record. */
export type Step = { key: Key; condition: Condition } & (
  | { op: 'register'; content: Content }
  | { op: 'update'; weight: number; metadata: Record<string, string> }
  | { op: 'deregister' }
);

/** What was called. */
export type Call =
  /** One change or a batch; over the socket of a session where that is named. */
  | { kind: 'change'; steps: Step[]; session?: string | undefined }
  /** `since`: the cursor in `If-None-Match`. */
  | { kind: 'read'; key: Key; since?: Position | undefined }
  | { kind: 'list'; service: string; since?: Position | undefined }
  | { kind: 'renew'; keys: Key[] }
  /** A session is ended by its holder. */
  | { kind: 'end'; session: string };

/** What an answer told of one step; members that it did not tell are left out. */
export interface StepResult {
  outcome?: 'created' | 'changed' | 'unchanged' | 'removed' | 'absent' | undefined;
  revision?: number | null | undefined;
  shown?: Shown | undefined;
}

/** What was answered. */
export type Answer =
  | { kind: 'changed'; at: Position; results: StepResult[] }
  | { kind: 'shown'; at: Position; records: Shown[] }
  | { kind: 'unmodified'; at: Position }
  | { kind: 'renewed'; at: Position; unknown: Key[] }
  | { kind: 'ended' }
  | { kind: 'refused'; code: string };

/** A call in a history. Times are milliseconds since the epoch, by a clock that never goes back. */
export interface Operation {
  /** Its place in the history, counted from 0. */
  index: number;
  client: string;
  call: Call;
  start: number;
  /** When its answer was there; null where none came, so that it may have taken effect at any time since, or never. */
  end: number | null;
  answer: Answer | null;
}

/** A sign of life of a session: when it was sent, and when its answer was there. */
export interface Sign {
  sentAt: number;
  answeredAt: number;
}

/** A session, as its holder knows it. */
export interface SessionLife {
  ttlMs: number;
  signs: Sign[];
}

/** A history and what surrounds it. */
export interface History {
  seed: number;
  operations: Operation[];
  /** Times at which the registry was down, or may have been. `downBy` is infinite where it only stood still. */
  outages: Outage[];
  sessions: Record<string, SessionLife>;
}

/** The place that an answer tells. */
export function placeIn(answer: Answer | null): Position | null {
  return answer !== null && 'at' in answer ? answer.at : null;
}

/** The records that a call reads or writes, of those that there are. */
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
    case 'end':
      return heldBy(call.session);
  }
}
