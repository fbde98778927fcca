import { EntryModel, entryPartitionsOf } from './entry-model';
import { GrantedEnds } from './granted-ends';
import { LeaseHappenings } from './lease-happenings';
import { linearize, type Model, type Search } from './linearize';
import type { History, Key } from './operation';
import { type Partition, partitionsOf } from './partitions';
import { type RegistryCall, RegistryModel } from './registry-model';
import { revisionProblems } from './revision-order';

/** Part of a history that could not be ordered. */
export interface Finding {
  keys: Key[];
  search: Search<RegistryCall>;
}

/** Verdict on a history. An undecided history counts as wrong. */
export interface Judgement {
  problems: string[];
  findings: Finding[];
  partitions: number;
  steps: number;
}

/** Far more than a correct history usually takes, which is one to three steps for each call; about five seconds. */
export const STEPS_MAX = 50_000;

/** Checks that a single order of a history's calls makes every answer correct, and that the revisions agree. */
export function checkHistory(history: History, stepsMax = STEPS_MAX): Judgement {
  const problems = revisionProblems(history.operations);
  const findings: Finding[] = [];
  const leases = new LeaseHappenings(history.outages, history.sessions);
  const partitions = partitionsOf(history);
  const entries = entryPartitionsOf(history);
  let steps = 0;
  const order = <State>(model: Model<State, RegistryCall>, { keys, calls }: Partition) => {
    const search = linearize(model, calls, stepsMax);
    steps += search.steps;
    if (search.verdict === 'linearizable') return;
    findings.push({ keys, search });
    problems.push(sentence(keys, search));
  };
  for (const partition of partitions) order(new RegistryModel(partition.keys, leases), partition);
  for (const partition of entries) order(new EntryModel(partition.keys, new GrantedEnds(history)), partition);
  return { problems, findings, partitions: partitions.length + entries.length, steps };
}

function sentence(keys: readonly Key[], { verdict, order, stuck, steps }: Search<RegistryCall>): string {
  const about = `${keys[0]} and ${keys.length - 1} more`;
  if (verdict === 'undecided') return `could not decide about ${about} within ${steps} steps`;
  const calls = order.filter((each) => typeof each !== 'string').length;
  const next = stuck.map(({ operation }) => `${operation.index} of ${operation.client}`).join(', ');
  return `not linearizable: of the calls on ${about}, ${calls} can be put in order, and then none of ${next}`;
}
