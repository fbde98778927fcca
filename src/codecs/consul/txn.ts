import { isRecord } from '../../model/json';
import { type CatalogCheck, type NodeDefinition, readCatalogCheck, readNode } from './catalog';
import { type KvPair, kvPairText } from './kv';
import { Members } from './members';
import { consulError } from './refusals';
import { readNodeService, type ServiceDefinition } from './service';
import { type CheckRecord, type NodeRecord, type ServiceRecord, showCheck, showNode, showService } from './shown';

/** Operations on keys. */
export const KV_VERBS = [
  'set',
  'cas',
  'lock',
  'unlock',
  'get',
  'get-or-empty',
  'get-tree',
  'check-index',
  'check-session',
  'check-not-exists',
  'delete',
  'delete-tree',
  'delete-cas',
] as const;
export type KvVerb = (typeof KV_VERBS)[number];

/** Operations on nodes, services and checks. */
export const CATALOG_VERBS = ['get', 'set', 'cas', 'delete', 'delete-cas'] as const;
export type CatalogVerb = (typeof CATALOG_VERBS)[number];

/** An operation on a key or the keys with a prefix. */
export interface KvOperation {
  kind: 'kv';
  verb: KvVerb;
  key: string;
  value: Uint8Array;
  flags: bigint;
  /** Index that the key must have, for the verbs that compare. */
  index: bigint;
  session: string;
}

/** An operation of a transaction. Indexes are those that the record must have, for the verbs that compare. */
export type TxnOperation =
  | KvOperation
  | { kind: 'node'; verb: CatalogVerb; node: NodeDefinition; index: bigint }
  | { kind: 'service'; verb: CatalogVerb; node: string; service: ServiceDefinition; index: bigint }
  | { kind: 'check'; verb: CatalogVerb; check: CatalogCheck; index: bigint }
  /** An operation with an unknown verb. It fails when the transaction runs. */
  | { kind: 'none'; problem: string };

/** Bounds of a transaction. */
export interface TxnLimits {
  operations: number;
  /** Bytes of one value. */
  valueBytes: number;
}

/** Reports whether an operation may change something. A transaction without such operations is a read. */
export function isWrite(operation: TxnOperation): boolean {
  if (operation.kind === 'none') return false;
  return !operation.verb.startsWith('get') && !operation.verb.startsWith('check-');
}

/**
 * Reads the operations of a transaction.
 *
 * @throws {RegistryError} `INVALID_REQUEST` or `PAYLOAD_TOO_LARGE` with Consul's text.
 */
export function readTxn(body: unknown, limits: TxnLimits): TxnOperation[] {
  if (!Array.isArray(body)) throw consulError(400, 'Failed to parse body: the body is not a list of operations');
  if (body.length > limits.operations) {
    throw consulError(413, `Transaction contains too many operations (${body.length} > ${limits.operations})`);
  }
  // Consul drops operations that name nothing.
  const operations = body.flatMap((each) => readOperation(each) ?? []);
  for (const operation of operations) {
    if (operation.kind !== 'kv' || operation.value.length <= limits.valueBytes) continue;
    const { key, value } = operation;
    const size = `(${value.length} > ${limits.valueBytes} bytes)`;
    throw consulError(413, `Value for key ${JSON.stringify(key)} is too large ${size}`);
  }
  return operations;
}

function readOperation(value: unknown): TxnOperation | undefined {
  const members = Members.of(value, 'TxnOp');
  const kv = members.struct('KV', 'KVTxnOp');
  if (kv !== undefined) return readKv(kv);
  const node = members.struct('Node', 'NodeTxnOp');
  if (node !== undefined) {
    const read = Members.of(node.raw('Node'), 'Node');
    const index = read.unsigned('ModifyIndex');
    return verbOf('Node', node, (verb) => ({ kind: 'node', verb, node: readNode(read, 'Meta'), index }));
  }
  const service = members.struct('Service', 'ServiceTxnOp');
  if (service !== undefined) return readService(service);
  const check = members.struct('Check', 'CheckTxnOp');
  if (check !== undefined) {
    const raw = check.raw('Check');
    const index = Members.of(raw, 'HealthCheck').unsigned('ModifyIndex');
    return verbOf('Check', check, (verb) => ({ kind: 'check', verb, check: readCatalogCheck(raw, ''), index }));
  }
  return undefined;
}

function readKv(members: Members): TxnOperation {
  const text = members.text('Verb');
  const verb = KV_VERBS.find((each) => each === text);
  if (verb === undefined) return { kind: 'none', problem: `unknown KV verb ${JSON.stringify(text)}` };
  return {
    kind: 'kv',
    verb,
    key: members.text('Key'),
    value: bytesIn(members.raw('Value')),
    flags: members.unsigned('Flags'),
    index: members.unsigned('Index'),
    session: members.text('Session'),
  };
}

/** A read or a removal needs the id of a service only. */
function readService(members: Members): TxnOperation {
  const raw = members.raw('Service');
  const given = Members.of(raw, 'NodeService');
  const index = given.unsigned('ModifyIndex');
  const node = members.text('Node');
  return verbOf('Service', members, (verb) => {
    const needsName = verb === 'set' || verb === 'cas' || given.has('Service');
    const named = needsName || !isRecord(raw) ? raw : { ...raw, Service: given.text('ID') };
    return { kind: 'service', verb, node, service: readNodeService(named), index };
  });
}

function verbOf(what: string, members: Members, read: (verb: CatalogVerb) => TxnOperation): TxnOperation {
  const text = members.text('Verb');
  const verb = CATALOG_VERBS.find((each) => each === text);
  return verb === undefined ? { kind: 'none', problem: `unknown ${what} verb ${JSON.stringify(text)}` } : read(verb);
}

/** Decodes a value in base64 with padding, as Go does; line breaks are ignored. */
function bytesIn(value: unknown): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (typeof value !== 'string') throw consulError(400, `Failed to parse body: unexpected value type: ${typeof value}`);
  const text = value.replace(/[\r\n]/g, '');
  const wrong = /[^A-Za-z0-9+/=]/.exec(text)?.index ?? (text.length % 4 === 0 ? -1 : text.length);
  try {
    if (wrong < 0) return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Padding in the middle, and the like.
  }
  const at = wrong < 0 ? text.indexOf('=') : wrong;
  throw consulError(
    400,
    `Failed to parse body: failed to decode value: illegal base64 data at input byte ${Math.max(0, at)}`,
  );
}

/** Failure of one operation. */
export interface TxnFailure {
  /** Position in the transaction, from 0. */
  index: number;
  what: string;
}

/** Texts of failed operations on keys. Source: `agent/consul/txn_endpoint.go`, `.../state/txn.go`, `.../state/kvs.go`. */
export const TXN_FAILURES = {
  staleSet: (key: string) => `failed to set key ${JSON.stringify(key)}, index is stale`,
  staleDelete: (key: string) => `failed to delete key ${JSON.stringify(key)}, index is stale`,
  lockDelay: (key: string) => `failed to lock key ${JSON.stringify(key)} due to lock delay`,
  locked: (key: string) => `failed to lock key ${JSON.stringify(key)}, lock is already held`,
  unlocked: (key: string) =>
    `failed to unlock key ${JSON.stringify(key)}, lock isn't held, or is held by another session`,
  absent: (key: string) => `key ${JSON.stringify(key)} doesn't exist`,
  present: (key: string) => `key ${JSON.stringify(key)} exists`,
  absentForSession: (key: string) => `failed to check session, key ${JSON.stringify(key)} doesn't exist`,
  absentForIndex: (key: string) => `failed to check index, key ${JSON.stringify(key)} doesn't exist`,
  otherSession: (key: string, held: string, expected: string) =>
    `failed session check for key ${JSON.stringify(key)}, current session ${JSON.stringify(held)} != ${JSON.stringify(expected)}`,
  otherIndex: (key: string, current: bigint, expected: bigint) =>
    `failed index check for key ${JSON.stringify(key)}, current modify index ${current} != ${expected}`,
  invalidSession: (session: string) => `invalid session ${JSON.stringify(session)}`,
  missingSession: () => 'missing session',
} as const;

/** A result of an operation. Those of keys have their value only after a read. */
export type TxnResult =
  | { kind: 'kv'; pair: KvPair; withValue: boolean }
  | { kind: 'node'; node: NodeRecord }
  | { kind: 'service'; service: ServiceRecord }
  | { kind: 'check'; check: CheckRecord };

/** Formats the answer to a transaction that was carried out, or that failed as a whole. */
export function txnText(outcome: { results: readonly TxnResult[] } | { failures: readonly TxnFailure[] }): string {
  if ('failures' in outcome) {
    const errors = outcome.failures.map(({ index, what }) => ({ OpIndex: index, What: what }));
    return JSON.stringify({ Results: null, Errors: errors });
  }
  return `{"Results":[${outcome.results.map(resultText).join(',')}],"Errors":null}`;
}

function resultText(result: TxnResult): string {
  switch (result.kind) {
    case 'kv':
      return `{"KV":${kvPairText(result.pair, result.withValue)}}`;
    case 'node':
      return JSON.stringify({ Node: showNode(result.node) });
    case 'service':
      return JSON.stringify({ Service: showService(result.service) });
    case 'check':
      return JSON.stringify({ Check: showCheck(result.check) });
  }
}
