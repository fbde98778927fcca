import { decodeCursor } from '../../../src/core/namespace/commit/journal-format';
import type { ServerFrame, WatchScope } from '../../../src/model/frames';
import type { Sent } from '../../simulation/simulated-sockets';
import { changeTold, recordsShown, type ToldChange } from './told-change';

/** A frame of a watch, as its client received it. */
export type Received = { at: number; sent: Sent } & (
  | ({ type: 'snapshot' } & Content)
  | ({ type: 'changes' } & Content)
  | { type: 'bookmark'; cursor: string }
  | { type: 'reset'; reason: string }
);

/** A frame that shows records. */
interface Content {
  changes: ToldChange[];
  cursor: string;
  /** Revision that its content is of. */
  revision: number;
  part: number;
  last: boolean;
  cause: string;
  actor: string;
}

/** A watch over one socket: its first, or one that went on with it. */
export interface Link {
  /** What it was opened with; undefined: a snapshot was asked for. */
  cursor: string | undefined;
  openedAt: number;
  /** Undefined: it was open when the history ended. */
  closedAt?: number | undefined;
  /** With which code the registry closed it, where it did; 1006 where it broke. */
  closedWith?: number | undefined;
  /** When its client asked for its cursor, and what was durable then. */
  syncs: { at: number; durable: number }[];
  received: Received[];
}

/** What one watcher saw, over as many sockets as it took. */
export interface StreamHistory {
  name: string;
  scope: WatchScope;
  /** Its client takes in everything at once, so that nothing ever waits for it. */
  isEager: boolean;
  /** It began with this cursor, which its client had from somebody else. */
  base: string | undefined;
  links: Link[];
  /** What was durable when its client last asked for everything, at the end; 0 where it did not come to that. */
  settledAt: number;
}

/** Revision that a cursor names; 0 where it names none. */
export function revisionOf(cursor: string | undefined): number {
  return decodeCursor(cursor ?? '')?.revision ?? 0;
}

/** A frame as the history keeps it; undefined where it belongs to no watch. */
export function received(frame: ServerFrame, at: number, sent: Sent): Received | undefined {
  switch (frame.type) {
    case 'snapshot': {
      const changes = frame.services.flatMap(recordsShown);
      return { type: 'snapshot', at, sent, changes, cause: '', actor: '', ...placeOf(frame) };
    }
    case 'changes': {
      const { cause, actor } = frame;
      return { type: 'changes', at, sent, changes: frame.changes.map(changeTold), cause, actor, ...placeOf(frame) };
    }
    case 'bookmark':
      return { type: 'bookmark', at, sent, cursor: frame.cursor };
    case 'reset':
      return { type: 'reset', at, sent, reason: frame.reason };
    case 'answer':
    case 'error':
      return undefined;
  }
}

function placeOf({
  cursor,
  revision,
  part,
  last,
}: Pick<Content, 'cursor' | 'revision'> & { part?: number; last?: boolean }) {
  return { cursor, revision, part: part ?? 0, last: last ?? true };
}
