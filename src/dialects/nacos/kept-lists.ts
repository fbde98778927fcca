import { instancePages } from '../../http/whole-lists';
import { type JsonText, readJsonText } from '../../model/json-text';
import { NACOS_CACHE_MS, NACOS_LISTS_MAX_BYTES } from '../../model/limits';
import type { Caller, NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { InstanceList } from '../../model/queries';
import { around, type JsonPieces } from './answers';
import { groupedName } from './names';
import { type HostFilter, type Pages, serviceInfo } from './service-info';

/** A list of a service for its callers, as they ask for it. */
export interface ListAsked {
  service: ServiceKey;
  /** To the letter. */
  clusters: string;
  filter: HostFilter;
  /** The name of who asks, where it comes back for every change; see {@link subscriberOf}. */
  subscriber?: string | undefined;
}

/** Who asks, where and when: the part of a route's call that is looked at. */
export interface ListCaller {
  /** Id of the namespace. */
  namespace: string;
  tokenId: string;
  callerWithOrigin: Caller;
  surroundings: { now(): number };
}

/**
 * About what each thing that is kept takes in memory beside its text, in bytes. It matters: anybody may ask for as many
 * services without instances as there are names, and those are hardly any text.
 */
const SERVICE_BYTES = 768;
const PART_BYTES = 64;

/** A service as it was at a moment, and what was made of it. */
class Content {
  cursor: string;
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
  /** The moment of the newest answer, in milliseconds since the epoch. */
  lastRefTime: number;
}

/**
 * Lists of services in the words of Nacos, kept by this isolate until their service changes. None is answered without
 * asking the namespace whether it changed. Nacos' clients poll, so mostly it did not, and the namespace sends no body.
 */
export class KeptLists {
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  constructor(maxBytes = NACOS_LISTS_MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** The service as JSON, with a moment that is later than that of any answer before; in pieces where it is large. */
  async read(namespace: NamespaceApi, asked: ListAsked, call: ListCaller): Promise<JsonPieces> {
    const { service, subscriber } = asked;
    const key = `${call.namespace} ${groupedName(service)}`;
    const known = this.#kept.get(key)?.content;
    // Who comes back with a cursor is taken to have seen what is behind it.
    const isKnown = known !== undefined && (subscriber === undefined || known.told.has(subscriber));
    const command = { ...service, filter: {}, tokenId: call.tokenId };
    const { cursor, body } = await namespace.listInstances({
      ...command,
      ifNoneMatch: isKnown ? known.cursor : undefined,
      subscriber: subscriber === undefined ? undefined : { id: subscriber, address: call.callerWithOrigin.address },
    });
    const list = body === null || body === known?.body ? undefined : readJsonText(body);
    if (list?.next !== undefined) {
      // It would fill all the room there is by itself: of a list of many pages only the moment is kept.
      const moment = momentOf(this.#keep(key, new Content('', '')), call);
      const info = infoOf(asked, () => instancePages(namespace, command, { cursor, list }));
      return around(`{"lastRefTime":${moment},`, info, '}');
    }
    const isSame = known !== undefined && (body === null || body === known.body);
    const content = isSame ? known : new Content(cursor, body ?? '{"instances":[]}');
    content.cursor = cursor;
    const kept = this.#keep(key, content);
    if (subscriber !== undefined && !content.told.has(subscriber)) {
      content.told.add(subscriber);
      this.#grow(key, content, PART_BYTES + subscriber.length);
    }
    const [before, after] = await this.#textsOf(key, content, asked);
    return `${before}${momentOf(kept, call)}${after}`;
  }

  async #textsOf(key: string, content: Content, asked: ListAsked): Promise<readonly [string, string]> {
    const wanted = `${asked.filter.healthyOnly} ${asked.clusters}`;
    const made = content.texts.get(wanted);
    if (made !== undefined) return made;
    const list = readJsonText(content.body);
    let info = '';
    for await (const piece of infoOf(asked, () => [list])) info += piece;
    const texts = [`{"lastRefTime":`, `,${info}}`] as const;
    // Another request may have made it meanwhile.
    if (content.texts.has(wanted)) return texts;
    content.texts.set(wanted, texts);
    this.#grow(key, content, PART_BYTES + wanted.length + texts[1].length);
    return texts;
  }

  /** Notes the content of a service, unless another request has brought the same one. */
  #keep(key: string, content: Content): Kept {
    const kept = this.#kept.get(key);
    if (kept?.content === content) return kept;
    this.#drop(key);
    const made = { content, lastRefTime: kept?.lastRefTime ?? 0 };
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

/** A moment that is later than that of any answer before. */
function momentOf(kept: Kept, { surroundings }: ListCaller): number {
  kept.lastRefTime = Math.max(surroundings.now(), kept.lastRefTime + 1);
  return kept.lastRefTime;
}

const infoOf = ({ service, clusters, filter }: ListAsked, pages: Pages): AsyncGenerator<string> =>
  serviceInfo(service, pages, filter, clusters, NACOS_CACHE_MS);
