import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isAddress } from './address';
import { Address } from './instance';

it('isAddress agrees with the schema on any text', () => {
  const alike = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.domain(),
    fc.string({ unit: fc.constantFrom(...'0192afAFgz:.-_[]% é\n'), maxLength: 24 }),
    fc.string({ unit: fc.constantFrom('a', '.', '-'), minLength: 60, maxLength: 70 }),
    fc.constantFrom('', '.', 'a.', `${'a'.repeat(63)}.b`, 'a.'.repeat(126), 'a.'.repeat(127), '::', '1.2.3.256'),
  );
  fc.assert(
    fc.property(alike, (text) => {
      expect(isAddress(text)).toBe(Address.safeParse(text).success);
    }),
    { numRuns: 1_000 },
  );
});
