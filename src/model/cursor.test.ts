import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, type Position, revisionOf } from './cursor';

const EPOCH = 'Ab-9_epoch12';

describe('encodeCursor', () => {
  it('starts with c, and needs no escaping in a header or a query', () => {
    expect(encodeCursor({ epoch: EPOCH, revision: 0, check: 0 })).toBe('cAb-9_epoch12.0.0');
    const largest = encodeCursor({ epoch: EPOCH, revision: Number.MAX_SAFE_INTEGER, check: 0xffff_ffff });
    expect(largest).toMatch(/^c[A-Za-z0-9_.-]+$/);
  });

  it('identifies every position uniquely', () => {
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
  it('[Q3] returns undefined for text that is not a cursor', () => {
    for (const text of [
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
    ]) {
      expect(decodeCursor(text), text).toBeUndefined();
    }
  });

  it('[Q3] never throws, whatever the input', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const position = decodeCursor(text);
        if (position !== undefined) expect(Number.isInteger(position.revision)).toBe(true);
      }),
    );
  });
});

it('revisionOf returns the revision of a cursor, and 0 for any other text', () => {
  expect(revisionOf(encodeCursor({ epoch: EPOCH, revision: 1_795_000_000_000_000, check: 7 }))).toBe(
    1_795_000_000_000_000,
  );
  expect(['', 'c', '17'].map(revisionOf)).toEqual([0, 0, 0]);
});
