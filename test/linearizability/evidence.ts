import type { Call, Key, Operation, Shown } from './operation';

/** An answer that shows what a call without an answer wrote. */
export interface Evidence {
  /** By then the call had taken effect. */
  by: number;
  /** The revision that it took, where it is shown as it left it. */
  revision: number | undefined;
}

/**
 * What calls without an answer are proven to have done: each registration and each patch bears a mark of its own, so
 * whoever is shown the mark proves that its call took effect before that.
 */
export function evidenceIn(operations: readonly Operation[]): Map<Operation, Evidence> {
  const writers = writersByMark(operations);
  const found = new Map<Operation, Evidence>();
  for (const { answer, end } of operations) {
    if (end === null || answer === null) continue;
    for (const shown of shownIn(answer)) {
      const { mark = '', patched = '' } = shown.metadata;
      for (const each of [mark, patched]) {
        const writer = writers.get(each);
        if (writer === undefined || writer.end !== null) continue;
        // With a patch on top of it the revision is that of the patch.
        const isLast = each === (patched || mark) && shown.healthy;
        const known = found.get(writer);
        found.set(writer, {
          by: Math.min(end, known?.by ?? Number.POSITIVE_INFINITY),
          revision: known?.revision ?? (isLast ? shown.revision : undefined),
        });
      }
    }
  }
  return found;
}

/**
 * The keys that a renewal is likely to have found unhealthy: that they recover is a change, so that they are shown later
 * with the revision that the renewal told, which was no other call's.
 */
export function recoveriesIn(operations: readonly Operation[]): Map<Operation, Key[]> {
  const shown = new Set<string>();
  const changed = new Set<string>();
  for (const { call, answer } of operations) {
    if (answer === null) continue;
    for (const { key, revision } of shownIn(answer)) shown.add(`${key}@${revision}`);
    if (call.kind !== 'change' || answer.kind !== 'changed') continue;
    for (const { key } of call.steps) changed.add(`${key}@${answer.at.revision}`);
  }
  const found = new Map<Operation, Key[]>();
  for (const operation of operations) {
    const { call, answer } = operation;
    if (call.kind !== 'renew' || answer?.kind !== 'renewed') continue;
    const names = (key: Key) => `${key}@${answer.at.revision}`;
    const keys = call.keys.filter((key) => shown.has(names(key)) && !changed.has(names(key)));
    if (keys.length > 0) found.set(operation, keys);
  }
  return found;
}

function shownIn(answer: NonNullable<Operation['answer']>): Shown[] {
  if (answer.kind === 'shown') return answer.records;
  return answer.kind === 'changed' ? answer.results.flatMap(({ shown }) => shown ?? []) : [];
}

/** The one call that bears each mark; a mark of two calls, as a repeat has it, tells of neither. */
function writersByMark(operations: readonly Operation[]): Map<string, Operation> {
  const writers = new Map<string, Operation | undefined>();
  for (const operation of operations) {
    for (const mark of marksOf(operation.call)) writers.set(mark, writers.has(mark) ? undefined : operation);
  }
  return new Map([...writers].flatMap(([mark, writer]) => (writer === undefined ? [] : [[mark, writer]])));
}

function marksOf(call: Call): string[] {
  if (call.kind !== 'change') return [];
  return call.steps.flatMap((step) => {
    if (step.op === 'deregister') return [];
    const { mark, patched } = step.op === 'register' ? step.content.metadata : step.metadata;
    return [mark ?? [], patched ?? []].flat();
  });
}
