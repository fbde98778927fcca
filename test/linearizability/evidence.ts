import type { Call, Key, Operation, Shown } from './operation';

/** Effect of an unanswered call, as a later answer shows it. */
export interface Evidence {
  /** Time by which the call had taken effect. */
  by: number;
  /** The revision that it took, if its record is shown unchanged since. */
  revision: number | undefined;
}

/**
 * Collects proof that unanswered calls took effect. Each registration and each patch has a unique mark; an answer that shows
 * the mark proves that its call took effect earlier.
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
        // If a patch follows, the revision is that of the patch.
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
 * Returns the keys that each renewal probably found unhealthy. Their recovery is a change, so later answers show them with
 * the revision of the renewal's answer, which no other call took.
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

/** Returns the only call with each mark; a mark of two calls, such as that of a repeated registration, proves nothing. */
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
