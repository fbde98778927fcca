import { Revisions } from '../crash/revisions';
import { type Operation, placeIn } from './operation';

/**
 * Returns problems with the revisions in a history's answers, over all of its records: a revision goes back although the
 * call began after the answer with the higher one, two changes share one, or a change takes one that was already reported.
 */
export function revisionProblems(operations: readonly Operation[]): string[] {
  const revisions = new Revisions([]);
  const floors = new Map<Operation, number>();
  const events = operations.flatMap((operation) => {
    const { start, end } = operation;
    return end === null
      ? []
      : [
          { time: start, operation, ends: false },
          { time: end, operation, ends: true },
        ];
  });
  // Operations that meet in one instant are unordered: starts come before ends.
  events.sort((a, b) => a.time - b.time || Number(a.ends) - Number(b.ends));
  for (const { operation, ends } of events) {
    const at = placeIn(operation.answer);
    if (!ends) floors.set(operation, revisions.newest);
    else if (at !== null) {
      const floor = floors.get(operation) ?? 0;
      const name = `call ${operation.index} of ${operation.client}`;
      const isChange = changesSurely(operation);
      revisions.see(at, floor, name);
      if (isChange) revisions.claim(at.revision, name);
      if (isChange && at.revision === floor)
        revisions.violations.push(`${name}: revision ${floor} was reported before it`);
    }
  }
  return revisions.violations;
}

/** Returns whether an answer confirms a change; other answers may hide one. */
export function changesSurely({ answer }: Operation): boolean {
  if (answer?.kind === 'transacted') {
    return answer.results.some((result) => result.op === 'put' || (result.op === 'delete' && result.deleted > 0));
  }
  if (answer?.kind !== 'changed') return false;
  return answer.results.some(({ outcome }) => outcome !== undefined && outcome !== 'unchanged' && outcome !== 'absent');
}
