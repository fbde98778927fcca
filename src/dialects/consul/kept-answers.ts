import { LRUCache } from 'lru-cache';
import type { ReadOptions as ConsulReadOptions } from '../../codecs/consul/parameters';
import { indexOf } from '../../codecs/consul/records';
import type { RouteCall } from '../../http/pipeline/route-call';
import { revisionOf } from '../../model/cursor';
import type { JsonText } from '../../model/json';
import { CONSUL_ANSWERS_MAX_BYTES, CONSUL_ANSWERS_MAX_COUNT } from '../../model/limits';
import { blockingRead, type IndexedRead } from './blocking';

/** A text made from the body of an answer of the namespace. */
export interface Made {
  text: string;
  /** False if it was made from more than that body, such as from further pages. */
  keeps: boolean;
  /** True if the namespace has nothing of what was asked for. */
  isAbsent: boolean;
}

/** A text with its index. */
export interface IndexedText extends Pick<Made, 'text' | 'isAbsent'> {
  index: number;
}

interface Kept {
  /** Newest cursor at which the text was known to be current. */
  cursor: string;
  body: string;
  made: Made;
}

/** Approximate memory of an entry in addition to its texts, in bytes. */
const ENTRY_BYTES = 256;

/** A read whose answers are kept. */
export interface KeptRead<T> extends IndexedRead<T> {
  /** Everything that the text depends on. */
  key: string;
  make: (body: JsonText<T>, cursor: string) => Made | Promise<Made>;
}

/**
 * Texts of answers that this isolate keeps until what they show changes. Each request asks the namespace whether it has, so
 * that its client sees every change that was acknowledged before it asked; an unchanged answer costs no parsing.
 */
export class KeptAnswers {
  readonly #kept: LRUCache<string, Kept>;

  constructor(maxBytes = CONSUL_ANSWERS_MAX_BYTES, maxCount = CONSUL_ANSWERS_MAX_COUNT) {
    this.#kept = new LRUCache({
      max: maxCount,
      maxSize: maxBytes,
      sizeCalculation: ({ body, made }, key) => ENTRY_BYTES + key.length + body.length + made.text.length,
    });
  }

  /** Reads, and waits for a change if the request has an index. */
  async read<T>(
    call: Pick<RouteCall, 'readAfter' | 'tokenId' | 'namespace'>,
    asked: Pick<ConsulReadOptions, 'index' | 'waitMs'>,
    read: KeptRead<T>,
  ): Promise<IndexedText> {
    const key = `${call.namespace}\n${read.key}`;
    if (asked.index !== 0n) {
      const { body, cursor, index } = await blockingRead(call, asked, read);
      return { ...(await this.#madeOf(key, body, cursor, read)), index };
    }
    const kept = this.#kept.get(key);
    const { cursor, body } = await read.ask({ ifNoneMatch: kept?.cursor, tokenId: call.tokenId });
    const index = indexOf(revisionOf(cursor));
    if (body !== null) return { ...(await this.#madeOf(key, body, cursor, read)), index };
    if (kept === undefined) throw new Error('a read without a condition has a body');
    kept.cursor = cursor;
    return { text: kept.made.text, isAbsent: kept.made.isAbsent, index };
  }

  /** Returns the text of a body. Requests that wait for the same change share it. */
  async #madeOf<T>(key: string, body: JsonText<T>, cursor: string, { make }: KeptRead<T>): Promise<Made> {
    const kept = this.#kept.get(key);
    if (kept?.body === body) {
      kept.cursor = cursor;
      return kept.made;
    }
    const making = make(body, cursor);
    const made = making instanceof Promise ? await making : making;
    if (made.keeps) this.#kept.set(key, { cursor, body, made });
    return made;
  }
}
