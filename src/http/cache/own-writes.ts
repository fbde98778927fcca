import { LRUCache } from 'lru-cache';
import { countBound } from '../../model/cache-bound';
import type { NamespaceApi } from '../../model/namespace-api';

/** Calls that may change records. A renewal is not among them: it changes nothing that reads return. */
const WRITES: ReadonlySet<PropertyKey> = new Set<keyof NamespaceApi>([
  'register',
  'patch',
  'deregister',
  'drain',
  'cancelDrain',
  'putOverride',
  'clearOverride',
  'putService',
  'patchService',
  'removeService',
  'batch',
  'rollback',
  'applyImport',
  'putEntry',
  'deleteEntry',
  'transaction',
  'rollBackEntries',
  'revokeLease',
]);

/** Any method of a namespace. */
type Method = (...args: unknown[]) => Promise<{ cursor: string }>;

/** Latest position of a namespace that this isolate knows of. */
interface Position {
  /** Number of the last change through this isolate that a client may know of. */
  changes: number;
  /** Cursor of that change, or of a later position. */
  cursor: string;
}

const UNKNOWN: Position = { changes: 0, cursor: '' };

/**
 * Records the changes made through this isolate. A client that knows of a change must see it in everything that it reads
 * here next, including responses that are shared for a while.
 */
export class OwnWrites {
  readonly #positions: LRUCache<string, Position>;
  /** Changes over all namespaces, so that the count of an evicted namespace does not restart. */
  #changes = 0;

  /** @param maxCount Number of namespaces to remember; the least recently used is evicted first. */
  constructor(maxCount: number) {
    this.#positions = new LRUCache(countBound(maxCount));
  }

  /** Returns a number that differs after each change made here. */
  changesOf(id: string): number {
    return this.#positions.get(id)?.changes ?? 0;
  }

  /** Records a position that a read has found: a later write that returns the same cursor made no change. */
  reached(id: string, cursor: string): void {
    this.#positions.set(id, { changes: this.changesOf(id), cursor });
  }

  /** Wraps the API of a namespace so that changes through it are recorded. */
  through(id: string, calls: NamespaceApi): NamespaceApi {
    const methods = new Map<PropertyKey, Method>();
    return new Proxy(calls, {
      get: (target, name) => {
        let method = methods.get(name);
        if (method === undefined) {
          // `as`: the interface has only methods, and all of them return a cursor.
          const own = (Reflect.get(target, name) as Method).bind(target);
          method = WRITES.has(name) ? this.#noting(id, own) : own;
          methods.set(name, method);
        }
        return method;
      },
    });
  }

  #noting(id: string, write: Method): Method {
    return async (...args) => {
      try {
        const answer = await write(...args);
        this.#note(id, answer.cursor);
        return answer;
      } catch (error) {
        // The change may have been applied anyway.
        this.#note(id, '');
        throw error;
      }
    };
  }

  #note(id: string, cursor: string): void {
    const known = this.#positions.get(id) ?? UNKNOWN;
    if (cursor !== '' && cursor === known.cursor) return;
    this.#changes += 1;
    this.#positions.set(id, { changes: this.#changes, cursor });
  }
}
