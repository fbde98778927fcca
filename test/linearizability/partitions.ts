import { type Evidence, evidenceIn, recoveriesIn } from './evidence';
import { type History, type Key, keysOf, type Operation, placeIn } from './operation';
import type { RegistryCall } from './registry-model';
import { changesSurely } from './revision-order';

/** Some of the records, and all calls on them. No call uses records of two partitions. */
export interface Partition {
  keys: Key[];
  calls: RegistryCall[];
}

/**
 * Splits a history into parts that can be checked separately: if each part is linearizable, so is the whole (Herlihy and
 * Wing's locality). The order of revisions, which the parts share, is checked for all of them together.
 */
export function partitionsOf({ operations: all, outages }: History): Partition[] {
  const operations = all.filter(({ call }) => call.kind !== 'transact' && call.kind !== 'revoke');
  const keys = [...new Set(operations.flatMap(({ call }) => namedIn(call)))].sort();
  const held = heldKeys(operations);
  const keysOfCall = ({ call }: Operation) => keysOf(call, keys, (session) => held.get(session) ?? []);
  const root = new Map<Key, Key>(keys.map((key) => [key, key]));
  const find = (key: Key): Key => {
    const parent = root.get(key) ?? key;
    return parent === key ? key : find(parent);
  };
  for (const operation of operations) {
    const [first, ...others] = keysOfCall(operation);
    for (const other of others) root.set(find(other), find(first ?? other));
  }
  const evidence = evidenceIn(operations);
  const recoveries = recoveriesIn(operations);
  const partitions = new Map<Key, Partition>();
  for (const key of keys) {
    const partition = partitions.get(find(key)) ?? { keys: [], calls: [] };
    partition.keys.push(key);
    partitions.set(find(key), partition);
  }
  for (const operation of operations) {
    const named = keysOfCall(operation);
    const [first] = named;
    const partition = first === undefined ? undefined : partitions.get(find(first));
    if (partition === undefined || isIdle(operation)) continue;
    const recovers = recoveries.get(operation) ?? [];
    partition.calls.push({ ...asCall(operation, named, partition.keys, evidence.get(operation), outages), recovers });
  }
  return [...partitions.values()];
}

/** Returns whether an operation is a read without an answer. */
function isIdle({ call, end }: Operation): boolean {
  return end === null && (call.kind === 'read' || call.kind === 'list');
}

/** Returns an operation as the search sees it. @param evidence Proof that it took effect although it has no answer. */
export function asCall(
  operation: Operation,
  named: readonly Key[],
  keys: readonly Key[],
  evidence: Evidence | undefined,
  outages: History['outages'],
): Omit<RegistryCall, 'recovers'> {
  const { start, end, answer } = operation;
  const revision = placeIn(answer)?.revision ?? evidence?.revision;
  // At equal revisions the change comes before its readers. A call without a revision usually changes nothing, and comes
  // first.
  const deadline = deadlineOf(operation, outages);
  const isChange = answer === null || ['changed', 'revoked'].includes(answer.kind) || changesSurely(operation);
  return {
    operation,
    start,
    end: end ?? (evidence === undefined ? Number.POSITIVE_INFINITY : Math.min(evidence.by, deadline)),
    deadline,
    place: revision === undefined ? 0 : revision + (isChange ? 0 : 0.5),
    keys: named.map((key) => keys.indexOf(key)),
  };
}

/** Returns the time after which a call can't take effect, because the process that received it has died. */
function deadlineOf({ start }: Operation, outages: History['outages']): number {
  const deaths = outages.filter(({ from, downBy }) => from >= start && downBy < Number.POSITIVE_INFINITY);
  return Math.min(...deaths.map(({ downBy }) => downBy));
}

/** Returns the keys that a call names itself. */
function namedIn(call: Operation['call']): Key[] {
  return [...keysOf(call, [], () => [])];
}

/** Returns all keys that were ever registered over the sockets of each session. */
function heldKeys(operations: readonly Operation[]): Map<string, Key[]> {
  const held = new Map<string, Key[]>();
  for (const { call } of operations) {
    if (call.kind !== 'change' || call.session === undefined) continue;
    held.set(call.session, [...new Set([...(held.get(call.session) ?? []), ...call.steps.map(({ key }) => key)])]);
  }
  return held;
}
