import * as z from 'zod';
import { authorize } from '../../auth/authorize';
import { byteString } from '../../model/bytes';
import { EntryContentType, EntryRange, EntryView, keyIn, keyProblem } from '../../model/entry';
import {
  EntryChangeQuery,
  EntryHistoryQuery,
  type EntryKeyQuery,
  EntryPutQuery,
  EntryQuery,
  EntryRangeQuery,
  keysOf,
  keysOfPage,
} from '../../model/entry-queries';
import { quote } from '../../model/errors';
import type { Principal, Scope } from '../../model/grant';
import { EntryHistory } from '../../model/history';
import { intervalOf } from '../../model/key-interval';
import { ENTRY_BODY_MAX_BYTES, ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from '../../model/limits';
import { route } from '../pipeline/route';
import type { Freshness, RouteCall } from '../pipeline/route-call';
import type { Surface } from '../pipeline/surface';
import { readBodyBytes } from '../request/body';
import { invalid, parsed } from '../request/field-errors';
import { answered, read, removed, written } from '../response/answers';
import { valueAnswer } from '../response/value-answer';
import { NAMESPACE_PATH } from './paths';

const ENTRIES_PATH = `${NAMESPACE_PATH}/kv`;
/** A key may have slashes, percent-encoded or not. */
const ENTRY = { path: `${ENTRIES_PATH}/:key`, pattern: `${ENTRIES_PATH}/:key{.+}` };
const ENTRY_HISTORY = {
  path: `${NAMESPACE_PATH}/history/kv/:key`,
  pattern: `${NAMESPACE_PATH}/history/kv/:key{.+}`,
};

const EntryPath = z.strictObject({
  key: z.string().meta({
    description: `Key, percent-encoded, of at most ${ENTRY_KEY_MAX_BYTES} bytes; slashes may stay as they are`,
    example: 'config/db/url',
  }),
});

/** The parts of a request that identify an entry. */
interface KeyedRequest {
  path: z.output<typeof EntryPath>;
  query: z.output<typeof EntryKeyQuery>;
}

/** Matches a key that clients, proxies and runtimes may change in a path: RFC 3986 lets them resolve dot segments. */
const UNSAFE_IN_PATH = /\0|(?:^|\/)\.{1,2}(?:\/|$)/;

/**
 * Returns the key that a request is about, one character a byte.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
function keyOf({ path, query }: KeyedRequest): string {
  const { base64 } = query;
  const key = keyIn(path.key, base64);
  if (key === undefined) throw invalidKey(`${keyProblem(base64)}, got ${quote(path.key)}`);
  if (!base64 && UNSAFE_IN_PATH.test(key)) {
    throw invalidKey(
      'has NUL or a segment "." or "..", which clients and proxies may change; send it as base64url, with ?base64=true',
    );
  }
  return key;
}

const invalidKey = (message: string) => invalid('path', [{ path: 'key', message }]);

/** Returns the check that a principal has a scope on the key of a request. */
const onKey = (scope: Scope) => (principal: Principal, namespace: string, input: KeyedRequest) =>
  authorize(principal, scope, { namespace, keys: intervalOf(keyOf(input)) });

/** Returns the freshness of a read. A read of the past never waits, as it can't change. */
function freshnessOf({ consistency, maxAge, wait, at }: Freshness & { at?: string | undefined }): Freshness {
  return { consistency, maxAge, wait: at !== undefined && consistency === 'strong' ? 0 : wait };
}

/** Returns the precondition of a change. */
function preconditionOf({ ifRevision }: z.output<typeof EntryChangeQuery>, call: RouteCall) {
  return { ...call.precondition, revision: ifRevision };
}

const TypeHeader = z.object({ 'Content-Type': EntryContentType });

/** Returns the type of the value in a body; undefined if it has none. */
function typeOf({ headers }: Request): string | undefined {
  const type = headers.get('content-type') || undefined;
  return type && parsed(TypeHeader, { 'Content-Type': type }, 'headers')['Content-Type'];
}

/** Limit that a body beyond {@link ENTRY_BODY_MAX_BYTES} exceeds. */
const VALUE_LIMIT = `a value has at most ${ENTRY_VALUE_MAX_BYTES}`;

/** Adds the routes of entries: put, read, delete, list, and the history of a key. */
export function addEntryRoutes(surface: Surface): void {
  route(surface, {
    operation: 'putEntry',
    method: 'put',
    ...ENTRY,
    scope: 'register',
    authorize: onKey('register'),
    chapter: 'Entries',
    summary: 'Put an entry',
    description:
      'The body is the value, at most 512 KiB; its `Content-Type` is stored with it. Every put is a change, even of the same ' +
      'value. Returns the entry without its value.',
    input: { path: EntryPath, query: EntryPutQuery },
    bodyType: { contentType: '*/*', description: 'The value: any bytes' },
    withoutDeadline: true,
    conditional: 'change',
    answers: {
      200: { description: 'Already existed; replaced', schema: EntryView },
      201: { description: 'Created', schema: EntryView },
    },
    call: async (namespace, input, call) => {
      const contentType = typeOf(call.request);
      const precondition = preconditionOf(input.query, call);
      const value = byteString(await readBodyBytes(call.request, ENTRY_BODY_MAX_BYTES, VALUE_LIMIT));
      const { lease, acquire, release, door } = input.query;
      const holder = { lease, acquire, release, door };
      return namespace.putEntry(call.caller, { key: keyOf(input), value, contentType, ...holder, precondition });
    },
    map: (entry) => written(entry),
  });

  route(surface, {
    operation: 'readEntry',
    method: 'get',
    ...ENTRY,
    scope: 'read',
    authorize: onKey('read'),
    chapter: 'Entries',
    summary: 'Read an entry',
    description:
      'Returns the bytes of the value, as a download. The headers `Rollcall-Revision`, `Rollcall-Created-Revision` and ' +
      '`Rollcall-Version` describe the entry; `Rollcall-Lease` is the id of the lease that holds it, if one does. If a lease has locked it, ' +
      '`Rollcall-Lock` is the id of that lease, and `Rollcall-Acquired-Revision` the revision in which it acquired the lock. `as=entry` returns JSON instead. ' +
      '`at` reads an earlier point; one outside the retained history returns 410 `COMPACTED`.',
    input: { path: EntryPath, query: EntryQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(freshnessOf(query)),
    answers: { 200: { description: 'The value, or the entry as JSON', schema: EntryView, contentType: '*/*' } },
    call: (namespace, input, call) => {
      const key = keyOf(input);
      const { at } = input.query;
      return call.read({
        freshness: freshnessOf(input.query),
        about: { keys: intervalOf(key) },
        ask: (options) => namespace.readEntry({ key, at, ...options }),
      });
    },
    map: (answer, { query }) => (query.as === 'value' ? valueAnswer(answer) : read(answer)),
  });

  route(surface, {
    operation: 'deleteEntry',
    method: 'delete',
    ...ENTRY,
    scope: 'register',
    authorize: onKey('register'),
    chapter: 'Entries',
    summary: 'Delete an entry',
    description: 'Succeeds even if there is no such entry, unless a condition requires one.',
    input: { path: EntryPath, query: EntryChangeQuery },
    conditional: 'change',
    answers: { 204: { description: 'Deleted' } },
    call: (namespace, input, call) =>
      namespace.deleteEntry(call.caller, {
        key: keyOf(input),
        precondition: preconditionOf(input.query, call),
      }),
    map: removed,
  });

  route(surface, {
    operation: 'listEntries',
    method: 'get',
    path: ENTRIES_PATH,
    scope: 'read',
    authorize: (principal, namespace, { query }) => authorize(principal, 'read', { namespace, keys: keysOf(query) }),
    chapter: 'Entries',
    summary: 'List the entries of a range of keys',
    description:
      'All entries, those with a `prefix`, or those from one key up to another, in the order of the bytes of their keys. ' +
      'The token needs one grant that covers the whole range. With `after`, `count` includes only the remaining entries. ' +
      '`at` reads an earlier point; one outside the retained history returns 410 `COMPACTED`.',
    input: { query: EntryRangeQuery },
    conditional: 'read',
    waitMs: ({ query }, call) => call.waitMs(freshnessOf(query)),
    answers: { 200: { description: 'Entries of the range', schema: EntryRange } },
    call: (namespace, { query }, call) => {
      const { limit, order, descending, keysOnly, countOnly, at } = query;
      const selection = { interval: keysOfPage(query), limit, order, descending, keysOnly, countOnly };
      return call.read({
        freshness: freshnessOf(query),
        about: { keys: keysOf(query) },
        ask: (options) => namespace.rangeEntries({ ...selection, at, ...options }),
      });
    },
    map: read,
  });

  route(surface, {
    operation: 'readEntryHistory',
    method: 'get',
    ...ENTRY_HISTORY,
    scope: 'read',
    authorize: onKey('read'),
    chapter: 'Entries',
    summary: 'Read the changes of a key',
    description:
      'Newest first, each with the entry before and after the change, even if the entry has been deleted. Continue with `next`.',
    input: { path: EntryPath, query: EntryHistoryQuery },
    answers: { 200: { description: 'Changes of the key', schema: EntryHistory } },
    call: (namespace, input, call) => {
      const { limit, after } = input.query;
      return namespace.entryHistory({ key: keyOf(input), limit, after, tokenId: call.tokenId });
    },
    map: answered,
  });
}
