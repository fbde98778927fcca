import type { InstanceKey } from '../../../model/batch';
import type { LeaseDoor } from '../../../model/granted-lease';
import type { Cause } from '../../../model/history';
import type { Lease } from '../../../model/lease';
import { PLAIN_READS_WINDOW_MS } from '../../../model/limits';
import type { Connection } from '../../platform/connection';
import type { OverrideRecord, ServiceRecord } from './records';

/** The records of a namespace that count against a token. */
export interface Holding {
  /** Id of the token; empty for records whose token is unknown. */
  readonly token: string;
  /** Instances that it registered. */
  instances: number;
  /** Services that exist because it created them, or registered their first instance. */
  services: number;
  /** Length of the text of its instances, and of overrides and services that it set last. */
  bytes: number;
}

/** An instance in memory: its text, and facts that are needed too often to decode the text. */
export interface InstanceEntry {
  readonly service: ServiceEntry;
  readonly id: string;
  text: string;
  revision: number;
  /** Bits of {@link ENTRY_FLAGS}. */
  flags: number;
  /** Slot in the lease table, that of its holder if it has one; -1 without a lease. */
  lease: number;
  /** The session or granted lease that holds it; undefined if it has its own lease, or none. */
  holder: SessionEntry | GrantedLease | undefined;
  /** Terms of the lease; null without one. */
  terms: Lease | null;
  /** Holding of its owner. */
  holding: Holding;
}

/** A session in memory: one lease that a live socket renews, and the instances that it holds. */
export interface SessionEntry {
  /** Public id of the session. */
  readonly key: string;
  /** SHA-256 of the secret that a client must present to resume it. */
  readonly secretDigest: string;
  /** Only the same token may resume it. */
  readonly tokenId: string;
  readonly ttlMs: number;
  /** Slot in the lease table. */
  lease: number;
  readonly instances: Set<InstanceEntry>;
  /** The socket that holds it; undefined if there is none, or it is not known yet after a wake. */
  connection: Connection | undefined;
  /** True if its row records that its socket is closed. If it doesn't, and there is no socket, a close was missed. */
  isClosed: boolean;
}

/** A lease that was granted by itself, and what it holds. */
export interface GrantedLease {
  /** Random, below 2^53. */
  readonly id: number;
  /** Number that its client chose, decimal; unique within `door`. */
  readonly alias: string | undefined;
  readonly door: LeaseDoor;
  /** Token that was granted it. */
  readonly tokenId: string;
  /** Null: it ends only when it is revoked. */
  readonly ttlMs: number | null;
  /** Milliseconds since the epoch, for people. */
  readonly grantedAt: number;
  /** Slot in the lease table; -1 without a time to live. */
  slot: number;
  /** Keys of the entries that are deleted when it ends. */
  readonly keys: Set<string>;
  readonly instances: Set<InstanceEntry>;
  /** Keys of the entries that it has locked, which stay when it ends. */
  readonly locks: Set<string>;
  /** Time after its end for which no other lease acquires its locks. */
  readonly lockDelayMs: number;
  /** Id of the lease that keeps it, while that one lives. */
  keeper?: number | undefined;
  /** Text of its door. */
  readonly data?: string | undefined;
  /** Set once it has ended, while what it holds is still there. */
  ending?: LeaseEnding | undefined;
}

/** The end of a lease that holds too much for one turn. */
export interface LeaseEnding {
  readonly cause: Cause;
  /** Id of the token, or `registry`. */
  readonly actor: string;
  /** Keys that changed since the last slice. */
  readonly changed: string[];
  /** Undefined until the first slice. */
  staged: StagedKeys | undefined;
}

/** The keys of a lease, held and locked, and those whose change is staged. */
export interface StagedKeys {
  /** All keys when it ended, in order. */
  readonly order: readonly string[];
  /** Place of the first one that is not staged yet. */
  next: number;
  readonly slices: { first: string; last: string; isChanged: boolean; rows: { row: number; bytes: number }[] }[];
  /** Number of rows that were ever staged. */
  rows: number;
  /** Number of those that are not on the disk yet. */
  unwritten: number;
}

/** Bits of an entry: those of the record, and the effect of the override on them. */
export const ENTRY_FLAGS = {
  healthy: 1,
  willing: 2,
  /** Accepts traffic with its override applied. With `healthy`, it is available. */
  eligible: 4,
  /** An entry describes it. */
  described: 64,
} as const;

const AVAILABLE = ENTRY_FLAGS.healthy | ENTRY_FLAGS.eligible;

/** Returns whether an instance takes traffic: resolving returns it. */
export function isAvailable(entry: InstanceEntry): boolean {
  return (entry.flags & AVAILABLE) === AVAILABLE;
}

/** Returns whether the lease of an instance is within its time to live. */
export function isHealthy(entry: InstanceEntry): boolean {
  return (entry.flags & ENTRY_FLAGS.healthy) !== 0;
}

/** Returns whether an entry describes an instance, which changes and goes with it. */
export function isDescribed(entry: InstanceEntry): boolean {
  return (entry.flags & ENTRY_FLAGS.described) !== 0;
}

export interface OverrideEntry {
  text: string;
  record: OverrideRecord;
  revision: number;
}

export interface ServiceRecordEntry {
  text: string;
  record: ServiceRecord;
  revision: number;
}

/** A document in memory, with the number of instances that name it. */
export interface DocumentEntry {
  readonly service: ServiceEntry;
  readonly id: string;
  readonly text: string;
  holders: number;
  /** Holding that it counts against: that of the first token with an instance that names it. */
  holding: Holding | undefined;
}

/** A service in memory. It stays, empty, as long as the journal mentions it, so that its revision is not lost. */
export class ServiceEntry {
  readonly group: string;
  readonly name: string;
  readonly instances = new SparseMap<InstanceEntry>();
  readonly overrides = new SparseMap<OverrideEntry>();
  readonly documents = new SparseMap<DocumentEntry>();
  /** Its own record; undefined if it exists only through its instances. */
  own: ServiceRecordEntry | undefined;
  /** Holding that it counts against while it exists: that of the first token with an instance or a record of it. */
  creator: Holding | undefined;
  /** Revision of the newest change to the service, an instance or an override in it. */
  revision = 0;
  /** True if the disk may hold heads of removed records of this service: their keys, with the revision of the removal. */
  hasHeads = false;
  /** Heads that have not been written to the disk yet, by kind and id. */
  readonly unwrittenHeads = new SparseMap<number>();
  /** Time until which a cached answer may be served, on the namespace's axis. */
  keptUntil = 0;
  /** Number of cacheable answers since the last time when none could be in use. */
  keptCount = 0;
  /** Reads by anonymous readers, in this minute and the previous one. */
  readonly plainReads: PlainReads = { minute: 0, count: 0, before: 0 };

  constructor(group: string, name: string) {
    this.group = group;
    this.name = name;
  }

  /** True if it has a record or an instance: lists then show it. */
  get exists(): boolean {
    return this.own !== undefined || this.instances.size > 0;
  }
}

/** Returns the key of an instance. */
export function keyOf({ service, id }: InstanceEntry): InstanceKey {
  return { group: service.group, service: service.name, id };
}

/** Used by every {@link SparseMap} without entries. */
const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * A map that is empty most of the time. A `Map` takes 200 bytes even then; a service has several, and a namespace has a
 * hundred thousand services.
 */
export class SparseMap<Value> implements ReadonlyMap<string, Value> {
  #entries: Map<string, Value> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(key: string): Value | undefined {
    return this.#entries?.get(key);
  }

  has(key: string): boolean {
    return this.#entries?.has(key) ?? false;
  }

  set(key: string, value: Value): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    this.#entries?.delete(key);
    if (this.#entries?.size === 0) this.#entries = undefined;
  }

  keys(): MapIterator<string> {
    return (this.#entries ?? EMPTY).keys();
  }

  values(): MapIterator<Value> {
    return (this.#entries ?? EMPTY).values();
  }

  entries(): MapIterator<[string, Value]> {
    return (this.#entries ?? EMPTY).entries();
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }
}

/** Reads in this minute, and in the previous one. */
export interface PlainReads {
  minute: number;
  count: number;
  before: number;
}

/** Counts a read by an anonymous reader. */
export function notePlainRead(reads: PlainReads, now: number, times = 1): void {
  const minute = Math.floor(now / PLAIN_READS_WINDOW_MS);
  if (minute !== reads.minute) {
    reads.before = minute === reads.minute + 1 ? reads.count : 0;
    reads.count = 0;
    reads.minute = minute;
  }
  reads.count += times;
}

/** Returns when a read made at `now` stops counting. */
export function plainReadsCountUntil(now: number): number {
  return (Math.floor(now / PLAIN_READS_WINDOW_MS) + 2) * PLAIN_READS_WINDOW_MS;
}

/** Returns the number of reads of the last one to two minutes. */
export function recentPlainReads(reads: PlainReads, now: number): number {
  const age = Math.floor(now / PLAIN_READS_WINDOW_MS) - reads.minute;
  if (age === 0) return reads.count + reads.before;
  return age === 1 ? reads.count : 0;
}
