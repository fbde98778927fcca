import { describe, expect, it } from 'vitest';
import { INSTANCES_PER_NAMESPACE_MAX_COUNT, RECORDS_PER_NAMESPACE_MAX_BYTES } from '../../../model/limits';
import { assertShare, mostHeldBy, shareOf } from './shares';

const ALL = Number.POSITIVE_INFINITY;

describe('shares of a namespace', () => {
  it('[N26] are all for those that operate it, also where an earlier version asks, and most for others', () => {
    expect(shareOf({ tokenId: 't', operates: true })).toBe('all');
    expect(shareOf({ tokenId: 't', operates: ['a@@b'] })).toBe('most');
    expect(shareOf({ tokenId: 't', operates: false, share: 'all' })).toBe('all');
  });

  it('[N26] are of what the namespace takes', () => {
    expect(mostHeldBy({ tokenId: 't' }, {}, 'instances')).toBe(0.75 * INSTANCES_PER_NAMESPACE_MAX_COUNT);
    expect(mostHeldBy({ tokenId: 't', share: 'half' }, {}, 'bytes')).toBe(RECORDS_PER_NAMESPACE_MAX_BYTES / 2);
    expect(mostHeldBy({ tokenId: 't', share: 'half' }, { bytes: 100 }, 'bytes')).toBe(50);
    expect(mostHeldBy({ tokenId: 't', operates: true }, { bytes: 100 }, 'bytes')).toBe(ALL);
  });

  it('[N26] are replaced by what is set for each token, root excepted', () => {
    const limits = { perToken: { bytes: 7 } };
    expect(mostHeldBy({ tokenId: 't', operates: true }, limits, 'bytes')).toBe(7);
    expect(mostHeldBy({ tokenId: 'root', operates: true }, limits, 'bytes')).toBe(ALL);
    expect(() => assertShare({ tokenId: 't' }, limits, 'bytes', 5, 2)).not.toThrow();
    expect(() => assertShare({ tokenId: 't' }, limits, 'bytes', 5, 3)).toThrow(
      'this token has 5 bytes of records, and this would make it 8: the limit limits.perToken.bytes of the namespace allows 7; remove some, or have it raised',
    );
  });
});
