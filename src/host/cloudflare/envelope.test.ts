import { describe, expect, it } from 'vitest';
import { CALL_ANSWER_MAX_BYTES } from '../../model/limits';
import { openOutcome, sealOutcome } from './envelope';

const sealed = (body: string) => sealOutcome<'stats'>(async () => ({ cursor: 'c1', body }));

describe('sealOutcome', () => {
  it.each([
    ['with one byte a character', 'x', CALL_ANSWER_MAX_BYTES],
    ['with two', 'ж', CALL_ANSWER_MAX_BYTES / 2],
  ])('[V11, H12] refuses what a call can not carry %s, and says what to do instead', async (_how, letter, most) => {
    const fits = letter.repeat(most);
    expect(openOutcome<'stats'>(await sealed(fits))).toMatchObject({ cursor: 'c1', body: fits });
    const refused = await sealed(`${fits}${letter}`);
    expect(() => openOutcome<'stats'>(refused)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('limit') }),
    );
  });
});
