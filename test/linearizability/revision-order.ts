import { Revisions } from '../crash/revisions';
import { type Operation, placeIn } from './operation';

/**
 * What is wrong with the revisions that a history's answers tell, over all of its records: one goes back although a call
 * began after the answer that told a higher one, one is given to two changes, or it changes nothing to be a change.
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
  // Of what happens in the same instant nothing is said to be before the other: calls begin before others end.
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
      if (isChange && at.revision === floor) revisions.violations.push(`${name}: revision ${floor} was told before it`);
    }
  }
  return revisions.violations;
}

/** Whether an answer says that something changed; one that does not may do so all the same. */
function changesSurely({ answer }: Operation): boolean {
  if (answer?.kind !== 'changed') return false;
  return answer.results.some(({ outcome }) => outcome !== undefined && outcome !== 'unchanged' && outcome !== 'absent');
}
