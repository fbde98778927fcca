import { describe, expect, it } from 'vitest';
import { refusal } from '../../../../test/contracts/namespace/scene';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { settle } from '../../../../test/simulation/virtual-time';
import { PAST_SLICE_MAX_BYTES } from '../../../model/limits';
import { decodePlace, encodePlace, historyPage } from './history-page';
import { newestPlace, walkBack } from './journal-walk';

describe('historyPage', () => {
  it('[J4] reads a bounded amount of text', async () => {
    const awake = new AwakeNamespace();
    const metadata = { a: 'x'.repeat(4_000), b: 'y'.repeat(4_000) };
    const size = 16_500;
    for (let weight = 0; weight * size < PAST_SLICE_MAX_BYTES * 1.5; weight++) awake.put('a', { weight, metadata });
    await settle();
    const { journal } = awake.state;
    const from = newestPlace(awake.state, {});
    const page = historyPage(journal, walkBack(journal, {}, from), from, { untilRevision: journal.revision });
    expect(page.entries.length * size).toBeLessThan(PAST_SLICE_MAX_BYTES * 1.1);
    expect(page.entries.length * size).toBeGreaterThan(PAST_SLICE_MAX_BYTES * 0.9);
    expect(page.next).toBe(encodePlace([journal.revision - page.entries.length]));
  });
});

describe('decodePlace', () => {
  it('decodes an encoded place', () => {
    expect(decodePlace(encodePlace([5, 0]), 2)).toEqual([5, 0]);
    expect(decodePlace(encodePlace([2 ** 40]), 1)).toEqual([2 ** 40]);
  });

  it('refuses a place from another walk', () => {
    expect(() => decodePlace(encodePlace([5, 0]), 1)).toThrow(refusal('INVALID_REQUEST'));
  });
});
