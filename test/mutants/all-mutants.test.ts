import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './all-mutants';
import { mutate } from './mutant';

const sourceOf = (file: string) => readFileSync(`src/core/${file}`, 'utf8');

describe('the mutants', () => {
  it.each(MUTANTS)('one that $name still finds its place in the core', (mutant) => {
    const source = sourceOf(mutant.file);
    expect(mutate(source, mutant)).not.toBe(source);
  });

  it('have a name of their own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it('are refused where their place is not the only one', () => {
    const mutant = { name: 'a test', breaks: 'I1', file: 'namespace/turn/turn.ts', from: 'now', to: 'then' };
    expect(() => mutate('now and now', mutant)).toThrow('2 times in namespace/turn/turn.ts');
    expect(() => mutate('never', mutant)).toThrow('0 times');
    expect(mutate('now $& again', { ...mutant, to: '$1' })).toBe('$1 $& again');
  });
});
