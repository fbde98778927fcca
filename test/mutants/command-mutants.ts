import type { Mutant } from './mutant';

/** Faults in calls and their answers. */
export const COMMAND_MUTANTS: Mutant[] = [
  {
    name: 'applies a part of a batch',
    breaks: 'C3',
    symbol: 'callBatch',
    from: 'return operations.map((operation) => applyToInstance(draft, by, operation));',
    to: `return operations.map((operation) => {
          try {
            return applyToInstance(draft, by, operation);
          } catch {
            return 'absent';
          }
        });`,
  },
  {
    name: 'ignores the precondition of a change',
    breaks: 'Q4',
    symbol: 'assertPrecondition',
    from: 'if (revision !== undefined && current?.revision !== revision) {',
    to: 'if (revision !== undefined && current?.revision === -1) {',
  },
  {
    name: 'creates a revision for a registration that changes nothing',
    breaks: 'R2',
    symbol: 'isRepeat',
    from: 'const isSame = holder === sessionFor(definition, caller) && holdsDefinition(entry.text, definition);',
    to: 'const isSame = holder === sessionFor(definition, caller) && entry.revision < 0;',
  },
  {
    name: 'forgets when an instance was created when it registers again',
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
    name: 'resolves an instance that an operator has disabled',
    breaks: 'O4',
    symbol: 'overrideKind',
    from: 'if (entry !== undefined) refreshEligibility(entry, record ?? undefined);',
    to: 'if (entry !== undefined) entry.flags |= 4;',
  },
  {
    name: 'forgets overrides in hibernation',
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
    name: 'mistakes a newer state for an unchanged one',
    breaks: 'Q2',
    symbol: 'read',
    from: 'changedAt(known) <= known)',
    to: 'changedAt(known) <= known + 3)',
  },
  {
    name: 'lets every token change every instance',
    breaks: 'A41',
    symbol: 'mayChange',
    from: 'return owner === caller.tokenId || operatesOn(caller, key);',
    to: 'return owner.length > 0;',
  },
  {
    name: 'lets every token renew every lease',
    breaks: 'A41',
    symbol: 'assertMayChangeEntry',
    from: 'if (caller.operates === true || isOwnedBy(entry.text, caller.tokenId)) return;',
    to: 'if (entry.text.length > 0) return;',
  },
  {
    name: 'uses the first owner in a text',
    breaks: 'A41',
    symbol: 'ownerAt',
    from: 'text.lastIndexOf(OWNER_AFTER)',
    to: 'text.indexOf(OWNER_AFTER)',
  },
  {
    name: 'exists without being created',
    breaks: 'N21',
    symbol: 'Namespace.#begin',
    from: 'if (isUsed || this.#foundsItself) this',
    to: 'if (isUsed || this.#foundsItself || this.#platform.clock.now() > 0) this',
  },
  {
    name: 'continues to write erased records',
    breaks: 'N23',
    symbol: 'turn',
    from: 'if (state.pipeline.isClosed) throw missingNamespace();',
    to: '',
  },
  {
    name: 'does not authorize frames',
    breaks: 'A43',
    symbol: 'ReceivedFrames.#handle',
    from: 'authorizeFrame(memory, frame, this.#state.platform.claimsOf);',
    to: '',
  },
  {
    name: 'never verifies the tokens of its sockets again',
    breaks: 'A44',
    symbol: 'attend',
    from: 'await attendTokens(state, hub);',
    to: '',
  },
];
