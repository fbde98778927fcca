import { createHash } from 'node:crypto';
import type { SnapshotService, WatchedChange, WatchedService, WatchScope } from '../../../src/model/frames';
import { type ExpectedView, shownView } from '../../simulation/expected-view';

/** A change to what somebody knows, in a form in which two ways of working it out can be compared. */
export interface ToldChange {
  group: string;
  service: string;
  /** Names the record among all of the namespace: `group@@service/id`, with no id for what a service has of its own. */
  record: string;
  /** Digest of what the record shows; null where it is gone. */
  shows: string | null;
}

/** What a service has of its own. */
export interface OwnView {
  metadata: Record<string, string>;
  protectThreshold: number;
  revision: number;
}

export function nameOf(group: string, service: string, id = ''): string {
  return `${group}@@${service}/${id}`;
}

/** What an instance shows, as a digest. */
export function instanceDigest(view: ExpectedView): string {
  return digest(JSON.stringify(view));
}

export function ownDigest({ metadata, protectThreshold, revision }: OwnView): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return digest(JSON.stringify([sorted, protectThreshold, revision]));
}

/** Large records are compared as often as small ones. */
function digest(text: string): string {
  return text.length < 64 ? text : createHash('sha1').update(text).digest('base64url');
}

/** A change as a frame tells it. */
export function changeTold(change: WatchedChange): ToldChange {
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

/** The records that a service in a snapshot shows. */
export function recordsShown(shown: SnapshotService): ToldChange[] {
  const { group, name: service } = shown;
  const instances = shown.instances.map((view) => {
    return { group, service, record: nameOf(group, service, view.id), shows: instanceDigest(shownView(view)) };
  });
  return [{ group, service, record: nameOf(group, service), shows: ownShown(shown) }, ...instances];
}

/** A service that has nothing of its own is there by its instances alone. */
function ownShown(view: WatchedService): string | null {
  return view.persistent ? ownDigest(view) : null;
}

/** Whether a scope holds a service, worked out anew. */
export function isInScope({ groups, services }: WatchScope, change: { group: string; service: string }): boolean {
  if (groups.length + services.length === 0) return true;
  const names = services.map((each) => nameOf(each.group, each.service));
  return groups.some((group) => group === change.group) || names.includes(nameOf(change.group, change.service));
}
