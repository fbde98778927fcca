import type { NamespaceApi } from '../../model/namespace-api';

/** Calls whose answer tells of a change, or that there was none to make. A renewal changes nothing that is read. */
const WRITES: ReadonlySet<PropertyKey> = new Set<keyof NamespaceApi>([
  'register',
  'patch',
  'deregister',
  'drain',
  'putOverride',
  'clearOverride',
  'putService',
  'patchService',
  'removeService',
  'batch',
  'rollback',
  'applyImport',
]);

/** A call of a namespace, whatever it asks. */
type Method = (...asked: unknown[]) => Promise<{ cursor: string }>;

/** Position of a namespace, as far as this isolate knows it. */
interface Position {
  /** Changes since this isolate began which a client may know of. */
  changes: number;
  /** Cursor of the newest of them, or of a later position. */
  cursor: string;
}

const UNKNOWN: Position = { changes: 0, cursor: '' };

/**
 * Notes the changes that were answered through this isolate. A client that knows of one must see it in whatever it
 * reads here next, also in answers that are shared for a while.
 */
export class OwnWrites {
  readonly #maxCount: number;
  readonly #positions = new Map<string, Position>();
  /** Changes in all, so that a namespace that was forgotten does not begin anew. */
  #changes = 0;

  /** @param maxCount Namespaces that are remembered; the oldest goes first. */
  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** A number that is another one after each change that was answered here. */
  changesOf(id: string): number {
    return this.#positions.get(id)?.changes ?? 0;
  }

  /** Notes where a namespace is found to be: an answer from there tells of no change. */
  reached(id: string, cursor: string): void {
    this.#put(id, { changes: this.changesOf(id), cursor });
  }

  /** The calls of a namespace, as they are made through this isolate. */
  through(id: string, calls: NamespaceApi): NamespaceApi {
    const methods = new Map<PropertyKey, Method>();
    return new Proxy(calls, {
      get: (target, name) => {
        let method = methods.get(name);
        if (method === undefined) {
          // `as`: the interface has nothing but methods, which answer with where the namespace is.
          const own = (Reflect.get(target, name) as Method).bind(target);
          method = WRITES.has(name) ? this.#noting(id, own) : own;
          methods.set(name, method);
        }
        return method;
      },
    });
  }

  #noting(id: string, write: Method): Method {
    return async (...asked) => {
      try {
        const answer = await write(...asked);
        this.#note(id, answer.cursor);
        return answer;
      } catch (error) {
        // The change may have been made all the same.
        this.#note(id, '');
        throw error;
      }
    };
  }

  #note(id: string, cursor: string): void {
    const known = this.#positions.get(id) ?? UNKNOWN;
    if (cursor !== '' && cursor === known.cursor) return;
    this.#changes += 1;
    this.#put(id, { changes: this.#changes, cursor });
  }

  #put(id: string, position: Position): void {
    this.#positions.delete(id);
    this.#positions.set(id, position);
    for (const oldest of this.#positions.keys()) {
      if (this.#positions.size <= this.#maxCount) break;
      this.#positions.delete(oldest);
    }
  }
}
