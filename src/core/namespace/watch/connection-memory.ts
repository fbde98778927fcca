import { ServiceRef } from '../../../model/frames';
import type { SocketPurpose } from '../../../model/namespace-sockets';
import { shortName } from '../../../model/service-name';
import { scopeNames, scopeParts } from '../../../model/watch-scope';
import {
  type ConnectionMemory,
  MEMORY_VERSION,
  SNAPSHOT_START,
  type SnapshotPlace,
  type WatchMemory,
} from '../../platform/connection';

/** Stored form of a watch. Absent members are left out, as a connection may have hundreds of watches. */
type StoredWatch = [name: string, groups: string[], services: string[], sentUntil?: number, snapshot?: StoredPlace];

/** Stored form of a snapshot's position; 0 if the snapshot has not begun. */
type StoredPlace = 0 | [service: string, group: string, id: string, parts: number, cursor: string];

interface StoredMemory extends Omit<ConnectionMemory, 'watches'> {
  watches: StoredWatch[];
  /** Acknowledged revisions in the order of the watches, in base 36, 0 for none; absent if all are 0. */
  acknowledged?: string | undefined;
  /** Names of the watches for which no drain waits; absent if there are none. */
  observers?: string[] | undefined;
  /** Names of the watches that asked for counts; absent if there are none. */
  counted?: string[] | undefined;
}

/** Returns the memory of a new connection; `now` is by the clock. */
export function newMemory(purpose: SocketPurpose, now: number): ConnectionMemory {
  return { version: MEMORY_VERSION, ...purpose, checkedAt: now, watches: [] };
}

/** Encodes the memory of a connection. The platform keeps at most 16 KiB of it. */
export function encodeMemory(memory: ConnectionMemory): string {
  const { watches } = memory;
  const acknowledged = watches.some((watch) => watch.acknowledged) ? storedAcknowledgements(watches) : undefined;
  const stored: StoredMemory = {
    ...memory,
    watches: watches.map(storedWatch),
    acknowledged,
    observers: namesOf(watches.filter(({ observer }) => observer)),
    counted: namesOf(watches.filter(({ counts }) => counts)),
  };
  return JSON.stringify(stored);
}

/**
 * Decodes text of {@link encodeMemory}. A connection that an earlier version stored can only be closed: its client
 * reconnects.
 */
export function decodeMemory(text: string): ConnectionMemory {
  const stored = JSON.parse(text) as StoredMemory; // `as`: only encodeMemory writes these texts
  if (stored.version < MEMORY_VERSION) return { ...stored, grants: [], namespace: '', checkedAt: 0, watches: [] };
  const { acknowledged, observers = [], counted = [], ...rest } = stored;
  const revisions = acknowledgements(acknowledged);
  const watches = stored.watches.map((watch, index): WatchMemory => {
    const [name] = watch;
    const observer = observers.includes(name) || undefined;
    const counts = counted.includes(name) || undefined;
    return { ...watchMemory(watch), acknowledged: revisions[index], observer, counts };
  });
  return { ...rest, watches };
}

function namesOf(watches: readonly WatchMemory[]): string[] | undefined {
  return watches.length > 0 ? watches.map(({ name }) => name) : undefined;
}

/** Encodes revisions in at most 11 characters each, so that 256 watches still fit. */
function storedAcknowledgements(watches: readonly WatchMemory[]): string {
  return watches.map(({ acknowledged = 0 }) => acknowledged.toString(36)).join();
}

function acknowledgements(stored = ''): (number | undefined)[] {
  return stored.split(',').map((text) => Number.parseInt(text, 36) || undefined);
}

function storedWatch({ name, scope, sentUntil, snapshotAfter }: WatchMemory): StoredWatch {
  const { groups, services } = scopeNames(scope);
  const shortNames = services.map(shortName);
  if (sentUntil === undefined) return [name, groups, shortNames];
  if (snapshotAfter === undefined) return [name, groups, shortNames, sentUntil];
  return [name, groups, shortNames, sentUntil, storedPlace(snapshotAfter)];
}

function watchMemory([name, groups, services, sentUntil, snapshot]: StoredWatch): WatchMemory {
  const scope = scopeParts({ groups, services: services.map((text) => ServiceRef.parse(text)) });
  return { name, scope, sentUntil, snapshotAfter: snapshot === undefined ? undefined : placeOf(snapshot) };
}

function storedPlace({ service, group, id, parts, cursor }: SnapshotPlace): StoredPlace {
  return parts === 0 ? 0 : [service, group, id, parts, cursor];
}

function placeOf(stored: StoredPlace): SnapshotPlace {
  if (stored === 0) return SNAPSHOT_START;
  const [service, group, id, parts, cursor] = stored;
  return { service, group, id, parts, cursor };
}
