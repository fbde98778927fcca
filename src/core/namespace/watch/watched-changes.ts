import type { WatchedChange } from '../../../model/frames';
import type { ServiceKey } from '../../../model/namespace-api';
import type { JournaledChange } from '../commit/journaled-change';
import { isOf, recordAt } from '../commit/past';
import { findRecord } from '../records/record-kinds';
import type { RecordText } from '../records/records';
import { decodeInstance, decodeOverride, type RecordKey } from '../records/records';
import { instanceView, watchedService } from '../records/view';
import type { WatchSource } from './watch-state';

/** A change as watchers are told, encoded, with the service that it is about. */
export interface EncodedChange extends ServiceKey {
  text: string;
}

/** A revision whose changes are told to watchers. */
interface Told {
  changes: readonly JournaledChange[];
  revision: number;
  /** Its stamp, in milliseconds since the epoch. */
  at: number;
  /** Other records as they were right after it. */
  recordOf: (key: RecordKey) => RecordText | undefined;
}

/** What watchers are told of a commit that has just been applied. */
export function changesOfCommit(
  state: WatchSource,
  changes: readonly JournaledChange[],
  revision: number,
  at: number,
): EncodedChange[] {
  return encodeTold({ changes, revision, at, recordOf: (key) => findRecord(state.catalog, key) });
}

/** What watchers are told of a revision that the journal keeps. */
export function changesOfPast(
  state: WatchSource,
  changes: readonly JournaledChange[],
  revision: number,
  at: number,
): EncodedChange[] {
  const recordOf = (key: RecordKey) => {
    const here = changes.find((each) => isOf(each, key));
    if (here === undefined) return recordAt(state, key, revision);
    return here.after === null ? undefined : { text: here.after, revision };
  };
  return encodeTold({ changes, revision, at, recordOf });
}

/**
 * An override shows in its instance, so a change to it is one of the instance; and an instance that changed together
 * with its override changed once.
 */
function encodeTold(told: Told): EncodedChange[] {
  const named = new Set<string>();
  const encoded: EncodedChange[] = [];
  for (const change of told.changes) {
    const { group, service, id } = change;
    const name = `${change.kind === 'service'}\u0000${group}\u0000${service}\u0000${id}`;
    if (named.has(name)) continue;
    const watched = change.kind === 'service' ? serviceChange(change, told.revision) : instanceChange(change, told);
    if (watched === undefined) continue;
    named.add(name);
    encoded.push({ group, service, text: JSON.stringify(watched) });
  }
  return encoded;
}

function instanceChange(change: JournaledChange, { recordOf, at }: Told): WatchedChange | undefined {
  const { group, service, id } = change;
  const key = { group, service, id };
  const instance = recordOf({ kind: 'instance', ...key });
  // An override that outlives its instance is nobody's business.
  if (instance === undefined && change.kind === 'override') return undefined;
  if (instance === undefined) return { type: 'delete', kind: 'instance', ...key };
  const text = recordOf({ kind: 'override', ...key })?.text;
  const override = text === undefined ? undefined : decodeOverride(text).override;
  const after = instanceView(key, decodeInstance(instance.text), instance.revision, override, at);
  return { type: 'put', kind: 'instance', ...key, after };
}

function serviceChange({ group, service, after }: JournaledChange, revision: number): WatchedChange {
  const key = { group, service, id: '' };
  if (after === null) return { type: 'delete', kind: 'service', ...key };
  return { type: 'put', kind: 'service', ...key, after: watchedService({ group, service }, { text: after, revision }) };
}
