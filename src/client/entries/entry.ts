import { utf8Text } from '../../model/bytes';
import type { EntryContent } from '../wire/entry-frames';
import { bytesShown } from './key';

/** An entry without its value. */
export interface EntryFacts {
  /** Key as text. Bytes that are not UTF-8 appear as U+FFFD: `keyBytes` has them. */
  readonly key: string;
  readonly keyBytes: Uint8Array<ArrayBuffer>;
  /** Media type that was put with the value. */
  readonly contentType: string | undefined;
  /** Length of the value in bytes. */
  readonly bytes: number;
  /** Revision at which the entry was created: greater than that of every earlier entry with this key. */
  readonly createdRevision: number;
  /** Revision of the last change. */
  readonly revision: number;
  /** Number of puts since the entry was created, counting from 1. */
  readonly version: number;
  /** Id of the lease that holds the entry; undefined if none does. */
  readonly lease: string | undefined;
  /** Lock of the entry; undefined if it was never acquired. */
  readonly lock: EntryLock | undefined;
}

/** Lock of an entry, which a lease holds without holding the entry: it stays when the lease ends. */
export interface EntryLock {
  /** Id of the lease that holds it; undefined while it is free. */
  readonly lease?: string | undefined;
  /** Number of acquisitions since the entry was created. */
  readonly index: number;
  /** Revision of the last acquisition: a fencing token, which increases from one holder to the next. */
  readonly acquiredRevision: number;
}

/** An entry with its value. */
export interface Entry extends EntryFacts {
  readonly value: Uint8Array<ArrayBuffer>;
  /** Returns the value as text; bytes that are not UTF-8 appear as U+FFFD. */
  text(): string;
  /**
   * Parses the value as JSON.
   *
   * @throws {SyntaxError} If it is not JSON.
   */
  json(): unknown;
}

/** An entry in JSON. */
export interface EntryJson extends EntryContent {
  key?: string | undefined;
  keyBase64?: string | undefined;
}

/** Converts an entry without its value. */
export function factsOf(json: EntryJson): EntryFacts {
  const keyBytes = bytesShown(json.key, json.keyBase64);
  const { contentType, bytes, createdRevision, revision, version, lease, lock } = json;
  const key = json.key ?? lossyText(keyBytes);
  return { key, keyBytes, contentType, bytes, createdRevision, revision, version, lease, lock };
}

/** Converts an entry with its value. */
export function entryOf(json: EntryJson): Entry {
  const value = bytesShown(json.value, json.valueBase64);
  const text = () => json.value ?? lossyText(value);
  return { ...factsOf(json), value, text, json: () => JSON.parse(text()) as unknown };
}

const lossyText = (bytes: Uint8Array): string => utf8Text(bytes) ?? new TextDecoder('utf-8').decode(bytes);
