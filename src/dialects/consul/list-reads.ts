import { LRUCache } from 'lru-cache';
import type { FilteredEndpoint } from '../../codecs/consul/filter/fields';
import type { Filter } from '../../codecs/consul/filter/filter';
import type { ReadOptions } from '../../codecs/consul/parameters';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { CONSUL_LISTS_MAX_BYTES } from '../../model/limits';
import type { ReadOptions as NamespaceReadOptions, ReadAnswer } from '../../model/namespace-api';
import { indexedAnswer } from './answers';
import { blockingRead, type IndexedAnswer, waitOf } from './blocking';
import type { CatalogCopies } from './catalog-copy';
import { type Cluster, Clusters, type MayRead } from './cluster';
import { type ConsulRequest, consulRoute } from './routes';
import { filterFor, selectionKey } from './selection';

/** A read of a list over all services. */
export interface ListRead {
  /** Node or state in the path; empty if the list has none. */
  name: string;
  options: Readonly<ReadOptions>;
}

/** The part of a list's making that depends on its request. */
export interface ListView extends ListRead {
  mayRead: MayRead;
  filter: Filter;
}

/** A list over all services. */
export interface ListKind {
  /** Below `/v1`; a name in it is `:name`. */
  path: string;
  endpoint: FilteredEndpoint;
  summary: string;
  /** Validates the request. @throws {RegistryError} `INVALID_REQUEST` with Consul's text. */
  validate?: (request: ConsulRequest) => void;
  show: (cluster: Cluster, view: ListView) => unknown;
}

/**
 * Lists over all services, from the copy of the namespace that this isolate keeps. A token sees what it may read of them; the
 * texts for those that may read everything are kept.
 */
export class ListReads {
  readonly #copies: CatalogCopies;
  readonly #clusters = new Clusters();
  readonly #texts = new LRUCache<string, { cursor: string; text: string }>({
    maxSize: CONSUL_LISTS_MAX_BYTES,
    sizeCalculation: ({ text }, key) => key.length + text.length + 1,
  });

  constructor(copies: CatalogCopies) {
    this.#copies = copies;
  }

  /** Adds the route of a list. */
  add(door: DialectDoor, kind: ListKind): void {
    const { path, endpoint, summary, validate } = kind;
    consulRoute<ListRead, IndexedAnswer<unknown>>(door, {
      operation: path.slice(1),
      method: 'get',
      path,
      scope: 'any',
      summary,
      read: (request) => {
        validate?.(request);
        const read = { name: request.names.name ?? '', options: request.query.readOptions() };
        const compiling = filterFor(endpoint, read.options.filter);
        return compiling instanceof Promise ? compiling.then(() => read) : read;
      },
      waitMs: ({ options }) => waitOf(options),
      call: (_namespace, read, call) => this.#read(call, read, kind),
      answer: ({ body, index }, { options }) => indexedAnswer(body, index, options),
    });
  }

  #read(call: RouteCall, read: ListRead, kind: ListKind): Promise<IndexedAnswer<unknown>> {
    const ask = async (asked: NamespaceReadOptions): Promise<ReadAnswer<unknown>> => {
      if (asked.ifChangedAfter !== undefined) {
        const { cursor, body } = await call.calls.listServices({ ...asked, limit: 1 });
        if (body === null) return { cursor, body };
      }
      return this.#textOf(call, read, kind);
    };
    return blockingRead(call, read.options, { about: {}, ask });
  }

  async #textOf(call: RouteCall, read: ListRead, kind: ListKind): Promise<ReadAnswer<unknown>> {
    const filter = await filterFor(kind.endpoint, read.options.filter);
    const copy = await this.#copies.of(call);
    const { cursor } = copy;
    const readsAll = call.may('read');
    const key = [call.namespace, kind.path, read.name, selectionKey(read.options)].join('\n');
    const kept = readsAll ? this.#texts.get(key) : undefined;
    if (kept?.cursor === cursor) return { cursor, body: kept.text };
    const mayRead: MayRead = readsAll ? () => true : (service) => call.may('read', service);
    const text = JSON.stringify(kind.show(this.#clusters.of(copy), { ...read, mayRead, filter }));
    if (readsAll) this.#texts.set(key, { cursor, text });
    return { cursor, body: text };
  }
}
