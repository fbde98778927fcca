import type { Mutant } from './mutant';

/** Faults in reads of the past and in rollbacks. */
export const PAST_MUTANTS: readonly Mutant[] = [
  {
    name: 'ignores overrides when it reads the past',
    breaks: 'J6',
    symbol: 'undo',
    from: "const all = kind === 'instance' ? records.instances : records.overrides;",
    to: `if (kind === 'override') return;
  const all = records.instances;`,
  },
  {
    name: 'reverts only one change of a service',
    breaks: 'J6',
    symbol: 'BackwardWalk.go',
    from: 'this.reached = changes[0]?.servicePrevious ?? 0;',
    to: 'this.reached = Math.min(until, changes[0]?.servicePrevious ?? 0);',
  },
  {
    name: 'does not search for removed records',
    breaks: 'J6',
    symbol: 'changedSince',
    from: 'if (service.hasHeads) {',
    to: 'if (service.hasHeads && revision < 0) {',
  },
  {
    name: 'uses the last change since a point in time instead of the first',
    breaks: 'J6',
    symbol: 'ForwardWalk.go',
    from: 'if (isIn(this.#key, change) && this.#missing.delete(headName(change))) this.found.push(change);',
    to: 'if (isIn(this.#key, change)) { this.#missing.delete(headName(change)); this.found.push(change); }',
  },
  {
    name: 'excludes a change made exactly at a point in time',
    breaks: 'J6',
    symbol: 'revisionBy',
    from: '<= time) low = middle;',
    to: '< time) low = middle;',
  },
  {
    name: 'shows the past with mutable entries',
    breaks: 'J6',
    symbol: 'copied',
    from: 'instances.set(id, { text, revision });',
    to: 'instances.set(id, today?.instances.get(id) ?? { text, revision });',
  },
  {
    name: 'sees no difference between overrides',
    breaks: 'J7',
    symbol: 'madeBy',
    from: 'overrides.get(id)?.revision ?? 0',
    to: 'overrides.size * 0',
  },
  {
    name: 'loses the chain of an override beside that of its instance',
    breaks: 'J4',
    symbol: 'alongRecords',
    from: 'each === revision ? (found[index]?.previous ?? 0) : each',
    to: 'each === revision ? (found[index]?.previous ?? 0) : 0',
  },
  {
    name: 'starts the next page where the previous one started',
    breaks: 'J4',
    symbol: 'historyPage',
    from: 'place = rest;',
    to: 'void rest;',
  },
  {
    name: 'lists other services in the history of a service',
    breaks: 'J4',
    symbol: 'alongService',
    from: '(change) => change.service === key.service && change.group === key.group,',
    to: '(change) => change.group === key.group,',
  },
  {
    name: 'reads the parts of a snapshot from the current state',
    breaks: 'J5',
    symbol: 'NamespaceSnapshots.#part',
    from: 'service.revision <= revision ? service : await serviceAt(this.#state, key, revision)',
    to: 'service.revision <= 1e9 ? service : await serviceAt(this.#state, key, revision)',
  },
  {
    name: 'reuses a snapshot after the next change',
    breaks: 'J5',
    symbol: 'NamespaceSnapshots.read',
    from: 'if (this.#kept?.revision === revision)',
    to: 'if (this.#kept !== undefined)',
  },
  {
    name: 'forgets the longest gap with each registration',
    breaks: 'J8',
    symbol: 'LeaseTable.regrant',
    from: 'this.#noteGap(slot, lease.renewedAt);',
    to: 'this.#longestGapMs[slot] = 0;',
  },
  {
    name: 'removes the instance with an override that did not exist',
    breaks: 'J9',
    symbol: 'rollBack',
    from: "draft.putOverride(instance, null, 'rolled-back');",
    to: `draft.putOverride(instance, null, 'rolled-back');
      draft.removeInstance(instance, 'rolled-back');`,
  },
  {
    name: 'restores overrides of removed instances',
    breaks: 'J9',
    symbol: 'rollBack',
    from: '} else if (now === undefined && draft.instance(instance) === undefined) {',
    to: '} else if (false) {',
  },
];
