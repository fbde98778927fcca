import { type Key, type Operation, type Shown, serviceOf } from './operation';

/** State in which a call found a record, as its answer implies. */
export type Found = 'gone' | 'unhealthy' | 'any';

/**
 * Derives from an answer in which state its call found each of its records, so that the search need not guess the earlier
 * effects of time.
 *
 * @param keys The records of the call.
 */
export function foundBy({ call, answer }: Operation, keys: readonly Key[]): Found[] {
  if (answer === null) return keys.map(() => 'any');
  switch (call.kind) {
    case 'read':
      if (answer.kind === 'refused') return ['gone'];
      return answer.kind === 'shown' ? keys.map((key) => inList(key, answer.records)) : ['any'];
    case 'list':
      return keys.map((key) => {
        const isListed = answer.kind === 'shown' && serviceOf(key) === call.service;
        return isListed ? inList(key, answer.records) : 'any';
      });
    case 'renew':
      return keys.map((key) => {
        const isUnknown = answer.kind === 'refused' || (answer.kind === 'renewed' && answer.unknown.includes(key));
        return isUnknown ? 'gone' : 'any';
      });
    case 'change':
      return keys.map((_, number) => changed(call.steps.length, answer, number));
    case 'transact':
    case 'revoke':
    case 'end':
      return keys.map(() => 'any');
  }
}

function inList(key: Key, records: readonly Shown[]): Found {
  const shown = records.find((each) => each.key === key);
  if (shown === undefined) return 'gone';
  return shown.healthy ? 'any' : 'unhealthy';
}

function changed(stepsCount: number, answer: NonNullable<Operation['answer']>, number: number): Found {
  if (answer.kind === 'refused') return stepsCount === 1 && answer.code === 'INSTANCE_NOT_FOUND' ? 'gone' : 'any';
  if (answer.kind !== 'changed') return 'any';
  const { outcome, shown } = answer.results[number] ?? {};
  if (outcome === 'created' || outcome === 'absent') return 'gone';
  return shown?.healthy === false ? 'unhealthy' : 'any';
}
