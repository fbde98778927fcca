import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withShortcut } from './shortcut';

const Count = () =>
  withShortcut(
    z.strictObject({ count: z.string().transform(Number) }).transform(({ count }) => count),
    (value) => (value === 'one' ? 1 : undefined),
  );

describe('withShortcut', () => {
  it('takes what is known, also inside of other schemas', () => {
    expect(Count().parse('one')).toBe(1);
    expect(z.array(Count()).parse(['one', { count: '2' }])).toEqual([1, 2]);
    expect(z.object({ a: Count().optional() }).parse({ a: 'one' })).toEqual({ a: 1 });
  });

  it('leaves the rest to the schema, verdict and place', () => {
    const faults = z.array(Count()).safeParse(['one', 'two', { count: '3', more: 1 }]).error?.issues;
    expect(faults?.map(({ code, path }) => [code, path])).toEqual([
      ['invalid_type', [1]],
      ['unrecognized_keys', [2]],
    ]);
  });

  it('does not touch the schema that it was made from by describing it', () => {
    const schema = z.string();
    expect(withShortcut(schema.meta({ description: 'a text' }), () => 'known').parse('x')).toBe('known');
    expect(schema.parse('x')).toBe('x');
  });
});
