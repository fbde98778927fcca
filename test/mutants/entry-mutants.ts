import type { Mutant } from './mutant';

/** Faults in entries: their index, their values on disk, their journal, their past and their watches. */
export const ENTRY_MUTANTS: readonly Mutant[] = [
  {
    name: 'reads values of entries by place, whatever their order',
    breaks: 'KV4',
    symbol: 'EntryStore.#valuesOf',
    from: '!isInOrder(entries, isAscending) || this.countIn',
    to: 'this.countIn',
  },
  {
    name: 'forgets deleted entries when it wakes',
    breaks: 'KV5',
    symbol: 'EntryStore.load',
    from: 'if (version === 0) this.#hasHeads = true;',
    to: 'if (version === 0) continue;',
  },
  {
    name: 'shows the entry of the next change of a key',
    breaks: 'KV5',
    symbol: 'lookBack',
    from: 'if (change.previous <= revision)',
    to: 'if (change.previous < revision)',
  },
  {
    name: 'leaves out entries that were deleted since',
    breaks: 'KV5',
    symbol: 'missingKeys',
    from: 'of entries.deletedSince(interval, revision).keys()',
    to: 'of new Map<string, number>().keys()',
  },
  {
    name: 'answers before changes made meanwhile are found',
    breaks: 'KV5',
    symbol: 'withEntriesAt',
    from: 'if (missing.length === 0) return answer',
    to: 'if (missing.length === 0 || found.size > 0) return answer',
  },
  {
    name: 'uses the last change of a key after a revision instead of the first',
    breaks: 'KV5',
    symbol: 'scan',
    from: 'if (missing.delete(change.key)) found.set',
    to: 'missing.delete(change.key); found.set',
  },
  {
    name: 'keeps one revision of entries too many',
    breaks: 'KV8',
    symbol: 'EntryJournal.planEmptying',
    from: '+ 1 <= maxCount',
    to: '- 1 <= maxCount',
  },
  {
    name: 'leaves the heads of entries whose changes were removed',
    breaks: 'KV8',
    symbol: 'EntryJournal.planEmptying',
    from: 'plan.heads.push({ key, revision })',
    to: 'void key',
  },
  {
    name: 'counts a second put of a revision as another version',
    breaks: 'KV2',
    symbol: 'DraftedEntries.put',
    from: 'current?.revision === this.#revision ? current.version',
    to: 'current?.revision === -1 ? current.version',
  },
  {
    name: 'resumes a watch of keys whose changes were removed',
    breaks: 'KV11',
    symbol: 'Feeder.#compactedFor',
    from: 'hasKeys(scope) ? Math.max(compactedRevision, entries.emptiedRevision) : compactedRevision',
    to: 'compactedRevision',
  },
  {
    name: 'sends a watch that catches up every entry',
    breaks: 'KV11',
    symbol: 'Feeder.#changesIn',
    from: 'if (inScope(scope, { key: change.key }))',
    to: 'if (change)',
  },
];
