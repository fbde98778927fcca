import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, type Position } from './cursor';

const EPOCH = 'Ab-9_epoch12';

describe('encodeCursor', () => {
  it('begins with c, and fits a header and a query as it is', () => {
    expect(encodeCursor({ epoch: EPOCH, revision: 0, check: 0 })).toBe('cAb-9_epoch12.0.0');
    const largest = encodeCursor({ epoch: EPOCH, revision: Number.MAX_SAFE_INTEGER, check: 0xffff_ffff });
    expect(largest).toMatch(/^c[A-Za-z0-9_.-]+$/);
  });

  it('names every position, and only that one', () => {
    const position = fc.record({
      epoch: fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
      revision: fc.maxSafeNat(),
      check: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    fc.assert(
      fc.property(position, (given: Position) => {
        expect(decodeCursor(encodeCursor(given))).toEqual({ ...given });
      }),
    );
  });
});

describe('decodeCursor', () => {
  it.each([
    '',
    'c',
    'x',
    'cAb.1',
    'cAb.1.2.3',
    'Ab.1.2',
    'cA b.1.2',
    'cAb.-1.2',
    'cAb.1.Z',
    'cAb.1.12345678',
    'cAb.123456789012.1',
    `c${'A'.repeat(33)}.1.1`,
    'cAb.1.2\n',
  ])('[Q3] gives nothing for %j', (text) => {
    expect(decodeCursor(text)).toBeUndefined();
  });

  it('[Q3] is safe with whatever it is given', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const position = decodeCursor(text);
        if (position !== undefined) expect(Number.isInteger(position.revision)).toBe(true);
      }),
    );
  });
});
