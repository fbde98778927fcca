import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import { readTokenText, secretDigest, TOKEN_ID_LENGTH, TOKEN_SECRET_LENGTH, tokenText } from './token-text';

const ID = 'aZ09bY18cX27';
const SECRET = '_-'.repeat(TOKEN_SECRET_LENGTH / 2);

describe('readTokenText', () => {
  it('reads what tokenText wrote, also where the secret looks like a separator', () => {
    expect(ID).toHaveLength(TOKEN_ID_LENGTH);
    expect(readTokenText(tokenText(ID, SECRET))).toEqual({ id: ID, secret: SECRET });
    expect(tokenText(ID, SECRET)).toBe(`rc_${ID}_${SECRET}`);
  });

  it('[A21] takes no other text for a token', () =>
    everyRow(
      [
        '',
        'rc_',
        'rc__',
        `rc_${ID}`,
        `rc_${ID}_`,
        `rc_${ID}_${SECRET.slice(1)}`,
        `rc_${ID}_${SECRET}x`,
        `rc_${ID.slice(1)}_${SECRET}`,
        `rc_${ID}x_${SECRET}`,
        `rc_${ID.slice(1)}_${SECRET}_`,
        `RC_${ID}_${SECRET}`,
        ` rc_${ID}_${SECRET}`,
        `rc_${ID}_${SECRET}\n`,
        `rc_${ID}_${SECRET.slice(1)}ü`,
        `rc_${ID}_${SECRET.slice(1)}\0`,
        `rc_${'%41'.repeat(4)}_${SECRET}`,
        'x'.repeat(1_000_000),
      ],
      (text) => {
        expect(readTokenText(text)).toBeUndefined();
      },
    ));
});

describe('secretDigest', () => {
  it('[A21] is SHA-256 as base64url', async () => {
    for (let round = 0; round < 20; round++) {
      const secret = `${SECRET}${round}`;
      expect(await secretDigest(secret)).toBe(createHash('sha256').update(secret).digest('base64url'));
    }
  });
});
