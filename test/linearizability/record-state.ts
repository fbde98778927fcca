import type { Content, Shown } from './operation';

/** A record, as a model has it. Never changed: a change makes another one. */
export interface RecordState {
  /** Null where there is none. */
  content: Content | null;
  /** Of its last change or its removal; undefined where no answer has told it yet. */
  revision: number | undefined;
  healthy: boolean;
  /** The session that holds it. */
  session: string | undefined;
  /** Its last renewal was no earlier than `sentAt`, and no later than `answeredAt`. */
  sentAt: number;
  answeredAt: number;
  /** Two records with the same text are the same. */
  text: string;
}

/** What was never there. */
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

/** What is left where a record is removed. */
export function removed(revision: number | undefined): RecordState {
  return withText({ ...NEVER, revision });
}

export function contentText({ weight, metadata, lease }: Content): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([weight, sorted, lease && [lease.ttlMs, lease.removeAfterMs]]);
}

/**
 * A record that has been shown: undefined where it can't have been shown so, and else what is known of it now, as an
 * answer may be the first to tell a revision.
 */
export function shownRecord(record: RecordState, shown: Shown | undefined): RecordState | undefined {
  if (record.content === null) return shown === undefined ? record : undefined;
  if (shown === undefined) return undefined;
  if (contentText(record.content) !== contentText(shown) || record.healthy !== shown.healthy) return undefined;
  if (record.revision === shown.revision) return record;
  return record.revision === undefined ? withText({ ...record, revision: shown.revision }) : undefined;
}
