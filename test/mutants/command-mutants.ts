import type { Mutant } from './mutant';

/** Faults in calls and their answers. */
export const COMMAND_MUTANTS: Mutant[] = [
  {
    name: 'applies what it can of a batch',
    breaks: 'C3',
    symbol: 'callBatch',
    from: 'return operations.map((operation) => applyOperation(draft, by, operation));',
    to: `return operations.map((operation) => {
          try {
            return applyOperation(draft, by, operation);
          } catch {
            return 'absent';
          }
        });`,
  },
  {
    name: 'ignores the revision that a change asks for',
    breaks: 'Q4',
    symbol: 'Draft.require',
    from: 'if (revision !== undefined && current?.revision !== revision) {',
    to: 'if (revision !== undefined && current?.revision === -1) {',
  },
  {
    name: 'makes a revision of a registration that changes nothing',
    breaks: 'R2',
    symbol: 'isRepeat',
    from: 'const isSame = entry.session?.key === session && holdsDefinition(entry.text, definition);',
    to: 'const isSame = entry.session?.key === session && entry.revision < 0;',
  },
  {
    name: 'forgets when an instance was created as it registers again',
    breaks: 'R3',
    symbol: 'register',
    from: "draft.putInstance(key, replaced(draft, caller, current.record, registered), 'registered', true);",
    to: "draft.putInstance(key, newRecord(draft, caller, registered), 'registered', true);",
  },
  {
    name: 'drops the override of an instance that registers',
    breaks: 'O1',
    symbol: 'register',
    from: "draft.putInstance(key, newRecord(draft, caller, registered), 'registered', true);",
    to: `draft.putInstance(key, newRecord(draft, caller, registered), 'registered', true);
    draft.putOverride(key, null, 'registered');`,
  },
  {
    name: 'resolves what an operator has taken out',
    breaks: 'O4',
    symbol: 'overrideKind',
    from: 'if (entry !== undefined) refreshEligibility(entry, record ?? undefined);',
    to: 'if (entry !== undefined) entry.flags |= 4;',
  },
  {
    name: 'forgets overrides while it sleeps',
    breaks: 'O4',
    symbol: 'instanceKind',
    from: 'if (override !== undefined) refreshEligibility(entry, override.record);',
    to: '',
  },
  {
    name: 'never ends a quarantine',
    breaks: 'O5',
    symbol: 'attend',
    from: "else if (duty.kind === 'quarantine') endQuarantine(state, settled, duty);",
    to: '',
  },
  {
    name: 'does not end a drain',
    breaks: 'O6',
    symbol: 'attend',
    from: "if (duty.kind === 'drain') endDrain(drained, duty.key);",
    to: "if (duty.kind === 'drain') continue;",
  },
  {
    name: 'takes a newer state for unchanged',
    breaks: 'Q2',
    symbol: 'read',
    from: 'changedAt() <= known.revision)',
    to: 'changedAt() <= known.revision + 3)',
  },
  {
    name: 'lets everybody change everything',
    breaks: 'A41',
    symbol: 'mayChange',
    from: 'return owner === caller.tokenId || operatesOn(caller, key);',
    to: 'return owner.length > 0;',
  },
  {
    name: 'lets everybody renew everything',
    breaks: 'A41',
    symbol: 'assertMayChangeEntry',
    from: 'if (caller.operates === true || isOwnedBy(entry.text, caller.tokenId)) return;',
    to: 'if (entry.text.length > 0) return;',
  },
  {
    name: 'takes the first owner that a text names',
    breaks: 'A41',
    symbol: 'ownerAt',
    from: 'text.lastIndexOf(OWNER_AFTER)',
    to: 'text.indexOf(OWNER_AFTER)',
  },
  {
    name: 'is there though nobody founded it',
    breaks: 'N21',
    symbol: 'Namespace.#begin',
    from: 'if (isUsed || this.#foundsItself) this',
    to: 'if (isUsed || this.#foundsItself || this.#platform.clock.now() > 0) this',
  },
  {
    name: 'goes on writing what was erased',
    breaks: 'N23',
    symbol: 'turn',
    from: 'if (state.pipeline.isClosed) throw missingNamespace();',
    to: '',
  },
  {
    name: 'lets frames ask for whatever they like',
    breaks: 'A43',
    symbol: 'ReceivedFrames.#handle',
    from: 'authorizeFrame(memory, frame, this.#state.platform.claimsOf);',
    to: '',
  },
  {
    name: 'asks nobody about the tokens of its sockets',
    breaks: 'A44',
    symbol: 'attend',
    from: 'await attendTokens(state, hub);',
    to: '',
  },
];
