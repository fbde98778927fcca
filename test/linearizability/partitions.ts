import { type Evidence, evidenceIn, recoveriesIn } from './evidence';
import { type History, type Key, keysOf, type Operation, placeIn } from './operation';
import type { RegistryCall } from './registry-model';

/** Some of the records, and all calls that have to do with them. No call has to do with records of two partitions. */
export interface Partition {
  keys: Key[];
  calls: RegistryCall[];
}

/**
 * Parts a history into what can be judged apart: what is linearizable in each part is so as a whole (Herlihy and Wing's
 * locality), as the order of revisions, which the parts share, is judged for all of them together.
 */
export function partitionsOf({ operations, outages }: History): Partition[] {
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

/** A read that nobody was answered. */
function isIdle({ call, end }: Operation): boolean {
  return end === null && (call.kind === 'read' || call.kind === 'list');
}

function asCall(
  operation: Operation,
  named: readonly Key[],
  keys: readonly Key[],
  evidence: Evidence | undefined,
  outages: History['outages'],
): Omit<RegistryCall, 'recovers'> {
  const { start, end, answer } = operation;
  const revision = placeIn(answer)?.revision ?? evidence?.revision;
  // At the same revision what made it goes before what saw it. What names none changes nothing as a rule, and goes first.
  const deadline = deadlineOf(operation, outages);
  const isChange = answer === null || answer.kind === 'changed';
  return {
    operation,
    start,
    end: end ?? (evidence === undefined ? Number.POSITIVE_INFINITY : Math.min(evidence.by, deadline)),
    deadline,
    place: revision === undefined ? 0 : revision + (isChange ? 0 : 0.5),
    keys: named.map((key) => keys.indexOf(key)),
  };
}

/** What a process was asked it does not do once it is dead. */
function deadlineOf({ start }: Operation, outages: History['outages']): number {
  const deaths = outages.filter(({ from, downBy }) => from >= start && downBy < Number.POSITIVE_INFINITY);
  return Math.min(...deaths.map(({ downBy }) => downBy));
}

/** The keys that a call names by itself. */
function namedIn(call: Operation['call']): Key[] {
  return [...keysOf(call, [], () => [])];
}

/** All that was ever registered over the sockets of each session. */
function heldKeys(operations: readonly Operation[]): Map<string, Key[]> {
  const held = new Map<string, Key[]>();
  for (const { call } of operations) {
    if (call.kind !== 'change' || call.session === undefined) continue;
    held.set(call.session, [...new Set([...(held.get(call.session) ?? []), ...call.steps.map(({ key }) => key)])]);
  }
  return held;
}
