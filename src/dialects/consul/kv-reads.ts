import { kvPairsText, listedKeys } from '../../codecs/consul/kv';
import type { ReadOptions } from '../../codecs/consul/parameters';
import type { RouteCall } from '../../http/pipeline/route-call';
import { bytesOfBase64, type EntryRange, type EntryView, keyOf } from '../../model/entry';
import { type JsonText, readJsonText } from '../../model/json';
import { intervalOf, intervalOfPrefix, type KeyInterval } from '../../model/key-interval';
import { CONSUL_KEYS_PER_LOOK_COUNT, LIST_TEXT_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { indexedAnswer, queryHeaders } from './answers';
import { blockingRead } from './blocking';
import type { KeptAnswers } from './kept-answers';
import { keyText, pairOf, responseTooLarge, separatorBytes } from './kv-entries';

/** A read of a key, or of the keys that begin with a prefix. */
export interface KeyRead {
  /** One character a byte. */
  key: string;
  kind: 'key' | 'raw' | 'tree' | 'keys';
  /** Text after whose first occurrence names of keys are cut; empty: none. */
  separator: string;
  options: ReadOptions;
}

/** Headers of a value without an envelope: a browser must not take it for a page of this origin. */
const RAW = {
  'Content-Type': 'text/plain',
  'Content-Security-Policy': 'sandbox',
  'X-Content-Type-Options': 'nosniff',
} as const;

const notFound = (index: number, options: ReadOptions): Response =>
  new Response(null, { status: 404, headers: queryHeaders(index, options) });

/** Returns the entries that the token may read. Lists omit the others, as in Consul. */
function readable(entries: readonly EntryView[], keys: KeyInterval, call: RouteCall): readonly EntryView[] {
  if (call.mayOnKeys('read', keys)) return entries;
  return entries.filter((entry) => call.mayOnKeys('read', intervalOf(keyOf(entry))));
}

/** Answers a read of a key. A key that does not exist has an index, too. The text is kept until the key changes. */
export async function readPair(
  namespace: NamespaceApi,
  answers: KeptAnswers,
  { key, options }: KeyRead,
  call: RouteCall,
): Promise<Response> {
  const interval = intervalOf(key);
  const { text, index, isAbsent } = await answers.read(call, options, {
    key: `kv\n${key}`,
    about: { keys: interval },
    ask: (conditions) => namespace.rangeEntries({ interval, ...conditions }),
    make: (body) => {
      const { entries } = readJsonText(body);
      return { text: kvPairsText(entries.map(pairOf)), keeps: true, isAbsent: entries.length === 0 };
    },
  });
  return isAbsent ? notFound(index, options) : indexedAnswer(text, index, options);
}

/** Answers a read of a key as its bytes, or of the keys with a prefix. */
export async function readPairs(
  namespace: NamespaceApi,
  { key, kind, options }: KeyRead,
  call: RouteCall,
): Promise<Response> {
  const keys = kind === 'tree' ? intervalOfPrefix(key) : intervalOf(key);
  const { body, index } = await blockingRead(call, options, {
    about: { keys },
    ask: (conditions) => namespace.rangeEntries({ interval: keys, ...conditions }),
  });
  const { entries, more } = readJsonText(body);
  if (more) throw responseTooLarge();
  const pairs = readable(entries, keys, call).map(pairOf);
  const [first] = pairs;
  if (first === undefined) return notFound(index, options);
  if (kind === 'raw') return new Response(first.value, { headers: { ...queryHeaders(index, options), ...RAW } });
  return indexedAnswer(kvPairsText(pairs), index, options);
}

/** Answers a read of the names of the keys with a prefix. */
export async function readKeyNames(
  namespace: NamespaceApi,
  { key: prefix, separator, options }: KeyRead,
  call: RouteCall,
): Promise<Response> {
  const keys = intervalOfPrefix(prefix);
  const cut = separatorBytes(separator);
  const limit = cut === '' ? undefined : CONSUL_KEYS_PER_LOOK_COUNT;
  const selection = { keysOnly: true, limit };
  const first = await blockingRead(call, options, {
    about: { keys },
    ask: (conditions) => namespace.rangeEntries({ interval: keys, ...selection, ...conditions }),
  });
  // Later pages may be newer. Their changes are after the index, which is that of the first one.
  const names: string[] = [];
  let bytes = 0;
  for (let page: EntryRange | undefined = readJsonText(first.body); page !== undefined; ) {
    for (const name of listedKeys(readable(page.entries, keys, call).map(keyOf), prefix, cut)) {
      names.push(name);
      bytes += name.length;
    }
    if (bytes > LIST_TEXT_MAX_BYTES) throw responseTooLarge();
    const rest = restOf(page, keys, cut);
    page = rest && readJsonText(await nextPage(namespace, { interval: rest, ...selection }, call));
  }
  if (names.length === 0 && prefix !== '') return notFound(first.index, options);
  return indexedAnswer(JSON.stringify(names.map(keyText)), first.index, options);
}

/**
 * Returns the keys after a page; undefined if there are none. Keys that would be cut like the last one are passed over, so
 * that a list of a few names doesn't visit all keys.
 */
function restOf({ next }: EntryRange, { from, to }: KeyInterval, separator: string): KeyInterval | undefined {
  const last = next === undefined ? undefined : bytesOfBase64(next);
  if (last === undefined) return undefined;
  const at = separator === '' ? -1 : last.indexOf(separator, from.length);
  if (at < 0) return { from: `${last}\u0000`, to };
  const past = intervalOfPrefix(last.slice(0, at + separator.length)).to;
  return past === undefined || (to !== undefined && past >= to) ? undefined : { from: past, to };
}

async function nextPage(
  namespace: NamespaceApi,
  selection: Parameters<NamespaceApi['rangeEntries']>[0],
  { tokenId }: RouteCall,
): Promise<JsonText<EntryRange>> {
  const { body } = await namespace.rangeEntries({ ...selection, tokenId });
  if (body === null) throw responseTooLarge();
  return body;
}
