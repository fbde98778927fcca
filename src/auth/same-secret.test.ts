import { describe, expect, it } from 'vitest';
import { digestOf, sameDigest } from './same-secret';

describe('digestOf', () => {
  it('is SHA-256', async () => {
    expect(Buffer.from(await digestOf('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});

describe('sameDigest', () => {
  it('is true for equal bytes alone, wherever they differ', () => {
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
