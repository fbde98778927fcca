import type { ChangedInstance, ChangedInstances } from '../../../model/dialect-reads';
import { RegistryError } from '../../../model/errors';
import type { ChangedSinceCommand } from '../../../model/history-commands';
import type { InstanceView } from '../../../model/instance';
import { jsonText } from '../../../model/json';
import { CHANGES_OF_REVISION_MAX_BYTES, PAST_SLICE_MAX_BYTES, PAST_SLICE_MAX_COUNT } from '../../../model/limits';
import type { ReadAnswer } from '../../../model/namespace-api';
import type { JournalEntry } from '../commit/journal';
import { decodeChanges, type JournaledChange } from '../commit/journal-format';
import { recordAt } from '../commit/record-past';
import { decodeInstance, decodeOverride } from '../records/records';
import { instanceView } from '../records/view';
import { turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { momentOf, revisionBy } from './moment';

/** Changes of one instance in a slice of the journal. */
interface Touched {
  /** The newest change of its record, or of its override. */
  last: JournaledChange;
  /** The newest change of its own record, if there was one. */
  own: JournaledChange | undefined;
  isNew: boolean;
  at: number;
}

/**
 * Reads the instances that changed since a moment from the journal, for readers that keep a copy of the namespace and come
 * back for changes. A time may be before the first revision, if nothing was compacted.
 */
export async function readChangedSince(
  state: TurnState,
  { since, tokenId }: ChangedSinceCommand,
): Promise<ReadAnswer<ChangedInstances>> {
  const { journal, time } = state;
  const here = () => ({ cursor: journal.cursor, revision: journal.revision, now: time.stamp() });
  // Everything up to this revision is durable now, and that part of the journal no longer changes.
  const { cursor, revision, now } = await turn(state, undefined, here, tokenId);
  const from = revisionOf(since);
  if (/^[cr]/.test(since) && from === revision) return { cursor, body: null };
  const touched = new Map<string, Touched>();
  let position = { revision: from, cursor };
  let rows = 0;
  let bytes = 0;
  let more = false;
  for (const entry of journal.entriesAfter(from)) {
    if (entry.revision > revision) break;
    more = rows >= PAST_SLICE_MAX_COUNT || bytes >= PAST_SLICE_MAX_BYTES;
    if (more) break;
    const size = entry.parts.reduce((sum, part) => sum + part.length, 0);
    if (size > CHANGES_OF_REVISION_MAX_BYTES) throw tooMuchChanged(entry.revision);
    touch(touched, entry);
    position = entry;
    rows += entry.parts.length;
    bytes += size;
  }
  const slice = { revision: more ? position.revision : revision, now, more };
  const instances = [...touched.values()].map((each) => changedInstance(state, each, revision, now));
  const isDefined = (instance: ChangedInstance | undefined) => instance !== undefined;
  return {
    cursor: more ? position.cursor : cursor,
    body: jsonText({ ...slice, instances: instances.filter(isDefined) }),
  };

  /** Returns, for a time, the newest revision made before it, or the newest compacted one if all came after it. */
  function revisionOf(point: string): number {
    if (/^[cr]/.test(point)) return momentOf(journal, point, revision, now).revision;
    return revisionBy(journal, Date.parse(point) - 1, revision) ?? journal.compactedRevision;
  }
}

/**
 * Returns the error for a revision too large to list, such as a service removed with all its instances: a snapshot costs
 * less.
 */
function tooMuchChanged(revision: number): RegistryError {
  const message = `revision ${revision} has too many changes to list; start over from a snapshot`;
  return new RegistryError('COMPACTED', message);
}

/** Adds the changes of a revision. An instance that changes again moves to the end. */
function touch(touched: Map<string, Touched>, { parts, at }: JournalEntry): void {
  for (const change of parts.flatMap(decodeChanges)) {
    if (change.kind === 'service') continue;
    const name = JSON.stringify([change.group, change.service, change.id]);
    const before = touched.get(name);
    const isOwn = change.kind === 'instance';
    touched.delete(name);
    touched.set(name, {
      last: change,
      own: isOwn ? change : before?.own,
      isNew: (before?.isNew ?? false) || (isOwn && change.before === null),
      at,
    });
  }
}

/** Returns an instance as it was right after a revision; undefined if it was already gone, and only its override changed. */
function changedInstance(
  state: TurnState,
  { last: { group, service, id }, own, isNew, at }: Touched,
  revision: number,
  now: number,
): ChangedInstance | undefined {
  const key = { group, service, id };
  const view = (text: string, of: number): InstanceView => {
    const override = recordAt(state, { kind: 'override', ...key }, revision)?.text;
    const said = override === undefined ? undefined : decodeOverride(override).override;
    return instanceView(key, decodeInstance(text), of, said, now);
  };
  const record = recordAt(state, { kind: 'instance', ...key }, revision);
  if (record !== undefined) return { instance: view(record.text, record.revision), isGone: false, isNew, at };
  const text = own?.before ?? null;
  if (text === null) return undefined;
  return { instance: view(text, own?.previous ?? 0), isGone: true, isNew: false, at };
}
