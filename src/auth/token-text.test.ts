import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import {
  digestOf,
  readTokenText,
  sameDigest,
  secretDigest,
  TOKEN_ID_LENGTH,
  TOKEN_SECRET_LENGTH,
  tokenText,
} from './token-text';

const ID = 'aZ09bY18cX27';
const SECRET = '_-'.repeat(TOKEN_SECRET_LENGTH / 2);

describe('readTokenText', () => {
  it('parses the output of tokenText, also with separators in the secret', () => {
    expect(ID).toHaveLength(TOKEN_ID_LENGTH);
    expect(readTokenText(tokenText(ID, SECRET))).toEqual({ id: ID, secret: SECRET });
    expect(tokenText(ID, SECRET)).toBe(`rc_${ID}_${SECRET}`);
  });

  it('[A21] refuses any other text', () =>
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

describe('digestOf', () => {
  it('is SHA-256', async () => {
    expect(Buffer.from(await digestOf('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});

describe('sameDigest', () => {
  it('is true only for equal bytes, wherever they differ', () => {
    const digest = Uint8Array.from({ length: 32 }, (_, index) => index);
    expect(sameDigest(digest, digest.slice())).toBe(true);
    for (let index = 0; index < digest.length; index++) {
      const other = digest.slice();
      other[index] = (other[index] ?? 0) ^ 1;
      expect(sameDigest(digest, other), `byte ${index}`).toBe(false);
    }
    expect(sameDigest(digest, digest.slice(0, 31))).toBe(false);
  });
});
