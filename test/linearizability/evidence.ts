import type { Call, Operation, Shown } from './operation';

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
