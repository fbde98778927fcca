import type { Content, Shown } from './operation';

/** A record in a model. Immutable: a change creates another one. */
export interface RecordState {
  /** Null if there is no such instance. */
  content: Content | null;
  /** Revision of its last change or its removal; undefined if no answer has reported it yet. */
  revision: number | undefined;
  healthy: boolean;
  /** The session that holds it. */
  session: string | undefined;
  /** Its last renewal was no earlier than `sentAt`, and no later than `answeredAt`. */
  sentAt: number;
  answeredAt: number;
  /** A text that is the same for equal records. */
  text: string;
}

/** State of a record that never existed. */
export const NEVER: RecordState = withText({
  content: null,
  revision: 0,
  healthy: true,
  session: undefined,
  sentAt: 0,
  answeredAt: 0,
});

export function withText(record: Omit<RecordState, 'text'>): RecordState {
  const { content, revision, healthy, session, sentAt, answeredAt } = record;
  const about = [content && contentText(content), revision ?? '?', healthy, session, sentAt, answeredAt];
  return { ...record, text: JSON.stringify(about) };
}

/** Returns the state of a removed record. */
export function removed(revision: number | undefined): RecordState {
  return withText({ ...NEVER, revision });
}

export function contentText({ weight, metadata, lease }: Content): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([weight, sorted, lease && [lease.ttlMs, lease.removeAfterMs]]);
}

/**
 * Returns a record after an answer showed it, with the revision that the answer may be the first to report; undefined if the
 * record can't have been shown so.
 */
export function shownRecord(record: RecordState, shown: Shown | undefined): RecordState | undefined {
  if (record.content === null) return shown === undefined ? record : undefined;
  if (shown === undefined) return undefined;
  if (contentText(record.content) !== contentText(shown) || record.healthy !== shown.healthy) return undefined;
  if (record.revision === shown.revision) return record;
  return record.revision === undefined ? withText({ ...record, revision: shown.revision }) : undefined;
}
