import { describe, expect, it } from 'vitest';
import { MUTANTS } from './all-mutants';
import { coreFile, type Mutant, mutate, readCore } from './mutant';

describe('the mutants', () => {
  const core = readCore();

  it('match their places in the core, each exactly once', () => {
    const problems = MUTANTS.flatMap((mutant) => {
      try {
        const { path, text } = mutate(core, mutant);
        return text === core.get(path)?.text ? [`the mutant "${mutant.name}" changes nothing`] : [];
      } catch (error) {
        return [String(error)];
      }
    });
    expect(problems).toEqual([]);
  });

  it('have unique names', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });
});

describe('mutate', () => {
  const core = new Map([
    ['src/core/a.ts', coreFile('function count(): number {\n  return add(\n    one,\n    two,\n  );\n}\n')],
    ['src/core/b.ts', coreFile('class Sum {\n  count(): number {\n    return two + two + $one;\n  }\n}\n')],
  ]);
  const mutant = (symbol: string, from: string, to = 'three'): Mutant => ({
    name: 'x',
    breaks: 'I1',
    symbol,
    from,
    to,
  });

  it('replaces a text within one symbol, regardless of layout', () => {
    expect(mutate(core, mutant('count', 'add(one, two)'))).toEqual({
      path: 'src/core/a.ts',
      text: 'function count(): number {\n  return three;\n}\n',
    });
    expect(mutate(core, mutant('Sum.count', '$one', '$&')).text).toContain('two + two + $&;');
  });

  it('refuses an ambiguous place', () => {
    expect(() => mutate(core, mutant('Sum.count', 'two'))).toThrow(
      '2 places in Sum.count of src/core/b.ts instead of one',
    );
    expect(() => mutate(core, mutant('count', 'tw'))).toThrow('0 places in count of src/core/a.ts');
    expect(() => mutate(core, mutant('total', 'two'))).toThrow('0 places in total, which no file declares');
  });
});
