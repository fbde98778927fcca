import { createHash } from 'node:crypto';
import type { SnapshotService, WatchedService, WatchScope } from '../../../src/model/frames';
import type { RecordChanged } from '../../fixtures/watched-ids';
import { type ExpectedView, shownView } from '../../simulation/expected-view';

/** A change of a record, in a form that can be compared between frames and the journal. */
export interface RecordChange {
  group: string;
  service: string;
  /** Unique name of the record in the namespace: `group@@service/id`, with an empty id for a service's own settings. */
  record: string;
  /** Digest of the record's view; null if the record is gone. */
  shows: string | null;
}

/** A service's own settings. */
export interface OwnView {
  metadata: Record<string, string>;
  protectThreshold: number;
  revision: number;
}

export function nameOf(group: string, service: string, id = ''): string {
  return `${group}@@${service}/${id}`;
}

/** Returns the digest of an instance's view. */
export function instanceDigest(view: ExpectedView): string {
  return digest(JSON.stringify(view));
}

export function ownDigest({ metadata, protectThreshold, revision }: OwnView): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return digest(JSON.stringify([sorted, protectThreshold, revision]));
}

/** Digests make the comparison of large records as cheap as that of small ones. */
function digest(text: string): string {
  return text.length < 64 ? text : createHash('sha1').update(text).digest('base64url');
}

/** Converts a change in a frame. */
export function toRecordChange(change: RecordChanged): RecordChange {
  const { group, service } = change;
  if (change.kind === 'service') {
    return {
      group,
      service,
      record: nameOf(group, service),
      shows: change.type === 'put' ? ownShown(change.after) : null,
    };
  }
  const shows = change.type === 'put' ? instanceDigest(shownView(change.after)) : null;
  return { group, service, record: nameOf(group, service, change.id), shows };
}

/** Converts the records of a service in a snapshot. */
export function recordsShown(shown: SnapshotService): RecordChange[] {
  const { group, name: service } = shown;
  const instances = shown.instances.map((view) => {
    return { group, service, record: nameOf(group, service, view.id), shows: instanceDigest(shownView(view)) };
  });
  return [{ group, service, record: nameOf(group, service), shows: ownShown(shown) }, ...instances];
}

/** A service without settings of its own exists only through its instances. */
function ownShown(view: WatchedService): string | null {
  return view.persistent ? ownDigest(view) : null;
}

/** Returns whether a scope contains a service, independently of the core. */
export function isInScope({ groups, services }: WatchScope, change: { group: string; service: string }): boolean {
  if (groups.length + services.length === 0) return true;
  const names = services.map((each) => nameOf(each.group, each.service));
  return groups.some((group) => group === change.group) || names.includes(nameOf(change.group, change.service));
}
