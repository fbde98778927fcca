import { decodeCursor } from '../../../src/model/cursor';
import type { ServerFrame, WatchScope } from '../../../src/model/frames';
import type { Sent } from '../../simulation/simulated-sockets';
import { entryShown, type RecordChange, recordsShown, toRecordChange } from './record-change';

/** A frame of a watch, as its client received it. */
export type Received = { at: number; sent: Sent } & (
  | ({ type: 'snapshot' } & Content)
  | ({ type: 'changes' } & Content)
  | { type: 'bookmark'; cursor: string }
  | { type: 'reset'; reason: string }
);

/** A frame with records. */
interface Content {
  changes: RecordChange[];
  cursor: string;
  /** Revision of its content. */
  revision: number;
  part: number;
  last: boolean;
  cause: string;
  actor: string;
}

/** A watch over one socket: the first one, or one that resumed it. */
export interface Link {
  /** The cursor that it was opened with; undefined if a snapshot was requested. */
  cursor: string | undefined;
  openedAt: number;
  /** Undefined if it was open when the history ended. */
  closedAt?: number | undefined;
  /** The code that the registry closed it with; 1006 if it broke. */
  closedWith?: number | undefined;
  /** When its client requested its cursor, and the durable revision at that time. */
  syncs: { at: number; durable: number }[];
  received: Received[];
}

/** The frames of one watcher, over all of its sockets. */
export interface StreamHistory {
  name: string;
  scope: WatchScope;
  /** True if it asked for entries before their changes. */
  previous?: boolean | undefined;
  /** True if its client reads everything at once, so that no frame waits for it. */
  isEager: boolean;
  /** The initial cursor, which its client got from another one. */
  base: string | undefined;
  links: Link[];
  /** The durable revision when its client made its final request for everything; 0 if it made none. */
  settledAt: number;
}

/** Returns the revision of a cursor; 0 if it has none. */
export function revisionOf(cursor: string | undefined): number {
  return decodeCursor(cursor ?? '')?.revision ?? 0;
}

/** Converts a frame for the history; undefined if it belongs to no watch. */
export function received(frame: ServerFrame, at: number, sent: Sent): Received | undefined {
  switch (frame.type) {
    case 'snapshot': {
      const changes = [...frame.services.flatMap(recordsShown), ...(frame.entries ?? []).map(entryShown)];
      return { type: 'snapshot', at, sent, changes, cause: '', actor: '', ...placeOf(frame) };
    }
    case 'changes': {
      const { cause, actor } = frame;
      return {
        type: 'changes',
        at,
        sent,
        changes: frame.changes.map(toRecordChange),
        cause,
        actor,
        ...placeOf(frame),
      };
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
