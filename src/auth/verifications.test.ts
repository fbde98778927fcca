import { describe, expect, it } from 'vitest';
import type { VerifiedToken } from '../model/directory-api';
import { LAST_KNOWN_MAX_AGE_MS, VERIFICATION_MAX_AGE_MS, VERIFICATIONS_MAX_COUNT } from '../model/limits';
import { Verifications } from './verifications';

const who: VerifiedToken = { tokenId: 't', grants: [], pathWrite: false };

describe('Verifications', () => {
  it('[A6] believes what was told for 30 s, and no longer than the token lives', () => {
    const memory = new Verifications();
    memory.keep('good', who, 100);
    memory.keep('ends', { ...who, expiresAt: 105 }, 100);
    memory.keep('bad', null, 100);
    const until = 100 + VERIFICATION_MAX_AGE_MS;
    expect([memory.find('good', until - 1), memory.find('good', until)]).toEqual([who, undefined]);
    expect([memory.find('ends', 104)?.tokenId, memory.find('ends', 105)]).toEqual(['t', null]);
    expect([memory.find('bad', until - 1), memory.find('bad', until)]).toEqual([null, undefined]);
    expect(memory.find('other', 100)).toBeUndefined();
  });

  it('[A6] takes the answer to the latest question, in whichever order the answers come', () => {
    const memory = new Verifications();
    memory.keep('token', who, 100);
    memory.keep('token', null, 200);
    memory.keep('token', who, 150);
    expect([memory.find('token', 201), memory.lastKnown('token', 201)]).toEqual([null, undefined]);
    memory.keep('token', who, 300);
    memory.keep('token', null, 250);
    expect([memory.find('token', 301), memory.lastKnown('token', 301)]).toEqual([who, who]);
  });

  it('[A60] holds on to good tokens for 10 minutes, and to no others', () => {
    const memory = new Verifications();
    memory.keep('good', who, 100);
    memory.keep('bad', null, 100);
    const until = 100 + LAST_KNOWN_MAX_AGE_MS;
    expect([memory.lastKnown('good', until - 1), memory.lastKnown('good', until)]).toEqual([who, undefined]);
    expect(memory.lastKnown('bad', 101)).toBeUndefined();
  });

  it('[A6] forgets the oldest beyond its bound, good and bad apart', () => {
    const memory = new Verifications();
    for (let number = 0; number <= VERIFICATIONS_MAX_COUNT; number++) {
      memory.keep(`good ${number}`, who, 100);
      memory.keep(`bad ${number}`, null, 100);
      if (number === 1) memory.keep('good 0', who, 100);
    }
    expect(memory.find('good 0', 101), 'it was told again since').toBe(who);
    expect(memory.find('good 1', 101)).toBeUndefined();
    expect(memory.find('good 2', 101)).toBe(who);
    expect([memory.find('bad 0', 101), memory.find('bad 1', 101)]).toEqual([undefined, null]);
  });
});
