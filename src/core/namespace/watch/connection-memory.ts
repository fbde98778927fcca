import { ServiceRef } from '../../../model/frames';
import { intervalOf, intervalOfPrefix, type KeyInterval } from '../../../model/key-interval';
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

/**
 * Stored form of a snapshot's position; 0 if the snapshot has not begun. The key is base64: as JSON, one of 4 KiB could
 * take more than the platform keeps.
 */
type StoredPlace = 0 | [service: string, group: string, id: string, parts: number, cursor: string, key64?: string];

/**
 * Stored form of an interval of keys, in base64 like the key of a position. Without an end, it has the last key; the end of a
 * single key or of a prefix follows from its beginning, and is a number.
 */
type StoredInterval = [from: string, to?: string | typeof ONE_KEY | typeof PREFIX];

const ONE_KEY = 0;
const PREFIX = 1;

interface StoredMemory extends Omit<ConnectionMemory, 'watches'> {
  watches: StoredWatch[];
  /** Acknowledged revisions in the order of the watches, in base 36, 0 for none; absent if all are 0. */
  acknowledged?: string | undefined;
  /** Names of the watches for which no drain waits; absent if there are none. */
  observers?: string[] | undefined;
  /** Names of the watches that asked for counts; absent if there are none. */
  counted?: string[] | undefined;
  /** Keys of the watches that have some, by their names: where each interval begins and ends. */
  keys?: [name: string, intervals: StoredInterval[]][] | undefined;
  /** Names of the watches that asked for entries before their changes; absent if there are none. */
  previous?: string[] | undefined;
  /** Names of the watches that never have a snapshot; absent if there are none. */
  changesOnly?: string[] | undefined;
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
    keys: storedKeys(watches),
    previous: namesOf(watches.filter(({ previous }) => previous)),
    changesOnly: namesOf(watches.filter(({ changesOnly }) => changesOnly)),
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
  const {
    acknowledged,
    observers,
    counted,
    keys,
    previous: withPrevious,
    changesOnly: withoutSnapshot,
    ...rest
  } = stored;
  const revisions = acknowledgements(acknowledged);
  const keysOf = new Map(keys);
  const watches = stored.watches.map((watch, index): WatchMemory => {
    const [name] = watch;
    const observer = observers?.includes(name) || undefined;
    const counts = counted?.includes(name) || undefined;
    const previous = withPrevious?.includes(name) || undefined;
    const changesOnly = withoutSnapshot?.includes(name) || undefined;
    const options = { observer, counts, previous, changesOnly };
    return { ...watchMemory(watch, keysOf.get(name)), acknowledged: revisions[index], ...options };
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

function watchMemory(
  [name, groups, services, sentUntil, snapshot]: StoredWatch,
  intervals: StoredInterval[] | undefined,
): WatchMemory {
  const keys = intervals?.map(keysOfStored);
  const scope = scopeParts({ groups, services: services.map((text) => ServiceRef.parse(text)), keys });
  return { name, scope, sentUntil, snapshotAfter: snapshot === undefined ? undefined : placeOf(snapshot) };
}

function storedKeys(watches: readonly WatchMemory[]): StoredMemory['keys'] {
  const stored = watches.flatMap(({ name, scope }): [string, StoredInterval[]][] => {
    const { keys = [] } = scopeNames(scope);
    if (keys.length === 0) return [];
    return [[name, keys.map(storedInterval)]];
  });
  return stored.length > 0 ? stored : undefined;
}

function storedInterval({ from, to }: KeyInterval): StoredInterval {
  if (to === undefined) return [btoa(from)];
  if (to === intervalOf(from).to) return [btoa(from), ONE_KEY];
  return [btoa(from), to === intervalOfPrefix(from).to ? PREFIX : btoa(to)];
}

function keysOfStored([from64, to]: StoredInterval): KeyInterval {
  const from = atob(from64);
  if (to === ONE_KEY) return intervalOf(from);
  if (to === PREFIX) return intervalOfPrefix(from);
  return { from, to: to === undefined ? undefined : atob(to) };
}

function storedPlace({ service, group, id, parts, cursor, key }: SnapshotPlace): StoredPlace {
  if (parts === 0) return 0;
  return key === undefined ? [service, group, id, parts, cursor] : [service, group, id, parts, cursor, btoa(key)];
}

function placeOf(stored: StoredPlace): SnapshotPlace {
  if (stored === 0) return SNAPSHOT_START;
  const [service, group, id, parts, cursor, key64] = stored;
  return { service, group, id, parts, cursor, ...(key64 !== undefined && { key: atob(key64) }) };
}
