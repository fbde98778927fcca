import { LRUCache } from 'lru-cache';
import { SharedCalls } from '../../../auth/shared-calls';
import { groupedName } from '../../../codecs/nacos/names';
import { type HostFilter, type Pages, serviceInfo } from '../../../codecs/nacos/service-info';
import { type FirstPage, instancePages } from '../../../http/dialect-calls/whole-lists';
import { type JsonText, readJsonText } from '../../../model/json';
import { CACHED_READS_MAX_COUNT, NACOS_CHECK_FOLLOW_MAX_MS, NACOS_LISTS_MAX_BYTES } from '../../../model/limits';
import type { NamespaceApi, ReadOptions, ServiceKey } from '../../../model/namespace-api';
import type { InstanceList } from '../../../model/queries';
import { around, type JsonPieces } from '../wire/answers';
import type { CheckCaller, SharedChecks } from './shared-checks';

/** A request for the list of a service. */
interface ListRequest {
  service: ServiceKey;
  /** Text of the request, unchanged. */
  clusters: string;
  filter: HostFilter;
  /** Name of the client if it polls for every change; see {@link subscriberOf}. */
  subscriber?: string | undefined;
}

/**
 * Approximate memory of each cached item in addition to its text, in bytes. It matters because a client may request any
 * number of services without instances, which have hardly any text.
 */
const SERVICE_BYTES = 768;
const PART_BYTES = 64;

/** Content of a service at one point in time, and the responses made from it. */
class Content {
  /** Newest cursor at which the content was known to be current. */
  cursor: string;
  /** Time of the query for that cursor, in milliseconds since the epoch. */
  knownAt = Number.NEGATIVE_INFINITY;
  readonly body: JsonText<InstanceList>;
  /** Responses by request. `lastRefTime` goes between the two parts. */
  readonly texts = new Map<string, readonly [before: string, after: string]>();
  /** Subscribers that were sent this content; only they have seen its cursor. */
  readonly sentTo = new Set<string>();
  /** Approximate memory of all of it, in bytes. */
  size: number;

  constructor(cursor: string, body: JsonText<InstanceList>) {
    this.cursor = cursor;
    this.body = body;
    this.size = SERVICE_BYTES + body.length;
  }

  /** True: it has several pages, none of which is cached, because they would fill the whole cache. */
  get isPaged(): boolean {
    return this.body === '';
  }
}

/** A cached service. */
interface Kept {
  content: Content;
  /** Value of the change counter before it was read; see {@link CheckedNamespace}. */
  readAt: number;
  /** `lastRefTime` of the newest response, in milliseconds since the epoch. */
  lastRefTime: number;
}

/** A list that was read: cached, or with the first of several pages. */
interface Loaded {
  kept: Kept;
  first?: FirstPage | undefined;
}

/**
 * Lists of services in Nacos' format, which this isolate caches until their service changes. Nacos' clients poll, and
 * usually nothing has changed, so a namespace is checked for changes once a second for all polls of all its services.
 */
export class KeptLists {
  readonly #checks: SharedChecks;
  readonly #kept: LRUCache<string, Kept>;
  readonly #loads = new SharedCalls<Loaded>({
    now: () => Date.now(),
    followMaxMs: NACOS_CHECK_FOLLOW_MAX_MS,
    maxCount: CACHED_READS_MAX_COUNT,
    sharesFailures: false,
  });

  constructor(checks: SharedChecks, maxBytes = NACOS_LISTS_MAX_BYTES) {
    this.#checks = checks;
    this.#kept = new LRUCache({ maxSize: maxBytes });
  }

  /** Returns the service as JSON, with a `lastRefTime` later than that of any earlier response; in pieces if it is large. */
  async read(namespace: NamespaceApi, asked: ListRequest, call: CheckCaller): Promise<JsonPieces> {
    const key = `${call.namespace} ${groupedName(asked.service)}`;
    this.#noteRead(key, asked, call);
    const { kept, first } = (await this.#checks.check(namespace, call))
      ? await this.#checkedList(namespace, key, asked, call)
      : await this.#ownList(namespace, key, asked, call);
    const { pollMs } = this.#checks.of(call.namespace);
    if (first !== undefined) {
      const command = { ...asked.service, filter: {}, tokenId: call.tokenId };
      const info = infoOf(asked, () => instancePages(namespace, command, first), pollMs);
      return around(`{"lastRefTime":${momentOf(kept, call)},`, info, '}');
    }
    const { content } = kept;
    const { subscriber } = asked;
    if (subscriber !== undefined && !content.sentTo.has(subscriber)) {
      content.sentTo.add(subscriber);
      this.#grow(key, content, PART_BYTES + subscriber.length);
    }
    const [before, after] = await this.#textsOf(key, content, asked, pollMs);
    return `${before}${momentOf(kept, call)}${after}`;
  }

  /** Records a read. A reader that returns has seen the content that it was sent before, if that is still cached. */
  #noteRead(key: string, { service, subscriber }: ListRequest, call: CheckCaller): void {
    const { tokenId } = call;
    const read = { group: service.group, service: service.service, tokenId };
    if (subscriber === undefined) {
      this.#checks.note(call.namespace, { ...read, count: 1 });
      return;
    }
    const known = this.#kept.get(key)?.content;
    const seen = known?.sentTo.has(subscriber) ? known.cursor : undefined;
    const { address } = call.callerWithOrigin;
    this.#checks.note(call.namespace, { ...read, subscriber: { id: subscriber, address, seen } });
  }

  /** Returns the list as of the last check. Reads it again if its service has changed. */
  async #checkedList(
    namespace: NamespaceApi,
    key: string,
    { service }: ListRequest,
    call: CheckCaller,
  ): Promise<Loaded> {
    const checked = this.#checks.of(call.namespace);
    const { moment, cursor, askedAt } = checked;
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.content.isPaged || !checked.isUnchangedSince(groupedName(service), kept.readAt)) {
      return this.#loads.call(`${moment} ${key}`, () => this.#load(namespace, key, service, { isShared: true }, call));
    }
    if (cursor !== undefined && askedAt > kept.content.knownAt) {
      Object.assign(kept.content, { cursor, knownAt: askedAt });
    }
    return { kept };
  }

  /** Reads the list from the namespace, for one reader. */
  #ownList(namespace: NamespaceApi, key: string, asked: ListRequest, call: CheckCaller): Promise<Loaded> {
    const { subscriber: id, service } = asked;
    const known = this.#kept.get(key)?.content;
    const isKnown = id === undefined || known?.sentTo.has(id) === true;
    const subscriber = id === undefined ? undefined : { id, address: call.callerWithOrigin.address };
    return this.#load(namespace, key, service, isKnown ? { subscriber } : { subscriber, ifNoneMatch: undefined }, call);
  }

  async #load(
    namespace: NamespaceApi,
    key: string,
    service: ServiceKey,
    options: ReadOptions,
    call: CheckCaller,
  ): Promise<Loaded> {
    const known = this.#kept.get(key)?.content;
    const knownAt = call.surroundings.now();
    const { moment } = this.#checks.of(call.namespace);
    const { cursor, body } = await namespace.listInstances({
      ...service,
      filter: {},
      ifNoneMatch: known?.isPaged ? undefined : known?.cursor,
      tokenId: call.tokenId,
      ...options,
    });
    const list = body === null || body === known?.body ? undefined : readJsonText(body);
    if (list?.next !== undefined) return { kept: this.#keep(key, new Content('', '')), first: { cursor, list } };
    const isSame = known !== undefined && (body === null || body === known.body);
    const content = isSame ? known : new Content(cursor, body ?? '{"instances":[]}');
    Object.assign(content, { cursor, knownAt });
    const kept = this.#keep(key, content);
    kept.readAt = moment;
    return { kept };
  }

  async #textsOf(
    key: string,
    content: Content,
    asked: ListRequest,
    pollMs: number,
  ): Promise<readonly [before: string, after: string]> {
    const wanted = `${pollMs} ${asked.filter.healthyOnly} ${asked.clusters}`;
    const made = content.texts.get(wanted);
    if (made !== undefined) return made;
    const list = readJsonText(content.body);
    let info = '';
    for await (const piece of infoOf(asked, () => [list], pollMs)) info += piece;
    const texts = [`{"lastRefTime":`, `,${info}}`] as const;
    // Another request may have cached it in the meantime.
    if (content.texts.has(wanted)) return texts;
    content.texts.set(wanted, texts);
    this.#grow(key, content, PART_BYTES + wanted.length + texts[1].length);
    return texts;
  }

  /** Caches the content of a service, unless it is already cached. */
  #keep(key: string, content: Content): Kept {
    const kept = this.#kept.get(key);
    if (kept?.content === content) return kept;
    const made = { content, readAt: 0, lastRefTime: kept?.lastRefTime ?? 0 };
    this.#kept.set(key, made, { size: content.size });
    return made;
  }

  #grow(key: string, content: Content, by: number): void {
    content.size += by;
    const kept = this.#kept.peek(key);
    if (kept?.content !== content) return;
    // Deleted first, because the cache does not update the size of a value that it already has.
    this.#kept.delete(key);
    this.#kept.set(key, kept, { size: content.size });
  }
}

/** Returns a `lastRefTime` later than that of any earlier response. */
function momentOf(kept: Kept, { surroundings }: CheckCaller): number {
  kept.lastRefTime = Math.max(surroundings.now(), kept.lastRefTime + 1);
  return kept.lastRefTime;
}

const infoOf = ({ service, clusters, filter }: ListRequest, pages: Pages, pollMs: number): AsyncGenerator<string> =>
  serviceInfo(service, pages, filter, clusters, pollMs);
