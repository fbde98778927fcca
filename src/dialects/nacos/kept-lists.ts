import { SharedCalls } from '../../auth/shared-calls';
import { type JsonText, readJsonText } from '../../model/json-text';
import { CACHED_READS_MAX_COUNT, NACOS_CHECK_FOLLOW_MAX_MS, NACOS_LISTS_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi, ReadOptions, ServiceKey } from '../../model/namespace-api';
import type { InstanceList } from '../../model/queries';
import { groupedName } from './names';
import { type HostFilter, hostList, serviceInfo } from './service-info';
import type { CheckCaller, SharedChecks } from './shared-checks';

/** A list of a service for its callers, as they ask for it. */
export interface ListAsked {
  service: ServiceKey;
  /** To the letter. */
  clusters: string;
  filter: HostFilter;
  /** The name of who asks, where it comes back for every change; see {@link subscriberOf}. */
  subscriber?: string | undefined;
}

/**
 * About what each thing that is kept takes in memory beside its text, in bytes. It matters: anybody may ask for as many
 * services without instances as there are names, and those are hardly any text.
 */
const SERVICE_BYTES = 768;
const PART_BYTES = 64;

/** A service as it was at a moment, and what was made of it. */
class Content {
  /** The newest position at which it was found to be so, */
  cursor: string;
  /** and when that was asked, in milliseconds since the epoch. */
  knownAt = Number.NEGATIVE_INFINITY;
  readonly body: JsonText<InstanceList>;
  /** Answers by what was asked for; between their two parts goes the moment. */
  readonly texts = new Map<string, readonly [before: string, after: string]>();
  /** Subscribers that were told this content: only they can be said to know its cursor. */
  readonly told = new Set<string>();
  /** About the bytes that all of it takes. */
  size: number;

  constructor(cursor: string, body: JsonText<InstanceList>) {
    this.cursor = cursor;
    this.body = body;
    this.size = SERVICE_BYTES + body.length;
  }
}

/** One service in memory. */
interface Kept {
  content: Content;
  /** The moment before it was read; see {@link CheckedNamespace}. */
  readAt: number;
  /** The moment of the newest answer, in milliseconds since the epoch. */
  lastRefTime: number;
}

/**
 * Lists of services in the words of Nacos, kept by this isolate until their service changes. Nacos' clients poll, and
 * mostly nothing has changed: a namespace is asked for that once a second, for all polls of all of its services.
 */
export class KeptLists {
  readonly #checks: SharedChecks;
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Kept>();
  readonly #loads = new SharedCalls<Kept>({
    now: () => Date.now(),
    followMaxMs: NACOS_CHECK_FOLLOW_MAX_MS,
    maxCount: CACHED_READS_MAX_COUNT,
    sharesFailures: false,
  });
  #size = 0;

  constructor(checks: SharedChecks, maxBytes = NACOS_LISTS_MAX_BYTES) {
    this.#checks = checks;
    this.#maxBytes = maxBytes;
  }

  /** The service as JSON, with a moment that is later than that of any answer before. */
  async read(namespace: NamespaceApi, asked: ListAsked, call: CheckCaller): Promise<string> {
    const key = `${call.namespace} ${groupedName(asked.service)}`;
    this.#noteRead(key, asked, call);
    const kept = (await this.#checks.check(namespace, call))
      ? await this.#checkedList(namespace, key, asked, call)
      : await this.#ownList(namespace, key, asked, call);
    const { content } = kept;
    const { subscriber } = asked;
    if (subscriber !== undefined && !content.told.has(subscriber)) {
      content.told.add(subscriber);
      this.#grow(key, content, PART_BYTES + subscriber.length);
    }
    const [before, after] = this.#textsOf(key, content, asked, this.#checks.of(call.namespace).pollMs);
    kept.lastRefTime = Math.max(call.surroundings.now(), kept.lastRefTime + 1);
    return `${before}${kept.lastRefTime}${after}`;
  }

  /** Who comes back is taken to have seen what it was told, as long as that is kept here. */
  #noteRead(key: string, { service, subscriber }: ListAsked, call: CheckCaller): void {
    const { tokenId } = call;
    const read = { group: service.group, service: service.service, tokenId };
    if (subscriber === undefined) {
      this.#checks.note(call.namespace, { ...read, count: 1 });
      return;
    }
    const known = this.#kept.get(key)?.content;
    const seen = known?.told.has(subscriber) ? known.cursor : undefined;
    const { address } = call.callerWithOrigin;
    this.#checks.note(call.namespace, { ...read, subscriber: { id: subscriber, address, seen } });
  }

  /** The list as of the last check, read anew where its service has changed. */
  async #checkedList(namespace: NamespaceApi, key: string, { service }: ListAsked, call: CheckCaller): Promise<Kept> {
    const checked = this.#checks.of(call.namespace);
    const { moment, cursor, askedAt } = checked;
    const kept = this.#kept.get(key);
    if (kept === undefined || !checked.isUnchangedSince(groupedName(service), kept.readAt)) {
      return this.#loads.call(`${moment} ${key}`, () => this.#load(namespace, key, service, { isShared: true }, call));
    }
    if (cursor !== undefined && askedAt > kept.content.knownAt) {
      Object.assign(kept.content, { cursor, knownAt: askedAt });
    }
    return kept;
  }

  /** The list as the namespace has it now, for one reader. */
  #ownList(namespace: NamespaceApi, key: string, asked: ListAsked, call: CheckCaller): Promise<Kept> {
    const { subscriber: id, service } = asked;
    const known = this.#kept.get(key)?.content;
    const isKnown = id === undefined || known?.told.has(id) === true;
    const subscriber = id === undefined ? undefined : { id, address: call.callerWithOrigin.address };
    return this.#load(namespace, key, service, isKnown ? { subscriber } : { subscriber, ifNoneMatch: undefined }, call);
  }

  async #load(
    namespace: NamespaceApi,
    key: string,
    service: ServiceKey,
    options: ReadOptions,
    call: CheckCaller,
  ): Promise<Kept> {
    const known = this.#kept.get(key)?.content;
    const knownAt = call.surroundings.now();
    const { moment } = this.#checks.of(call.namespace);
    const { cursor, body } = await namespace.listInstances({
      ...service,
      filter: {},
      ifNoneMatch: known?.cursor,
      tokenId: call.tokenId,
      ...options,
    });
    const isSame = known !== undefined && (body === null || body === known.body);
    const content = isSame ? known : new Content(cursor, body ?? '{"instances":[]}');
    Object.assign(content, { cursor, knownAt });
    const kept = this.#keep(key, content);
    kept.readAt = moment;
    return kept;
  }

  #textsOf(
    key: string,
    content: Content,
    { service, clusters, filter }: ListAsked,
    pollMs: number,
  ): readonly [string, string] {
    const wanted = `${pollMs} ${filter.healthyOnly} ${clusters}`;
    const made = content.texts.get(wanted);
    if (made !== undefined) return made;
    const { instances, protectThreshold = 0 } = readJsonText(content.body);
    const info = serviceInfo(service, hostList(instances, protectThreshold, filter), clusters, pollMs);
    const texts = [`{"lastRefTime":`, `,${JSON.stringify(info).slice(1)}`] as const;
    content.texts.set(wanted, texts);
    this.#grow(key, content, PART_BYTES + wanted.length + texts[1].length);
    return texts;
  }

  /** Notes the content of a service, unless another request has brought the same one. */
  #keep(key: string, content: Content): Kept {
    const kept = this.#kept.get(key);
    if (kept?.content === content) return kept;
    this.#drop(key);
    const made = { content, readAt: 0, lastRefTime: kept?.lastRefTime ?? 0 };
    this.#kept.set(key, made);
    this.#size += content.size;
    this.#makeRoom();
    return made;
  }

  #grow(key: string, content: Content, by: number): void {
    content.size += by;
    if (this.#kept.get(key)?.content !== content) return;
    this.#size += by;
    this.#makeRoom();
  }

  /** Lets go what was made longest ago. */
  #makeRoom(): void {
    for (const [oldest] of this.#kept) {
      if (this.#size <= this.#maxBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#size -= this.#kept.get(key)?.content.size ?? 0;
    this.#kept.delete(key);
  }
}
