import { describe, expect, it } from 'vitest';
import type { Grant } from '../../model/grant';
import { sessionOf } from './login-session';

const READ: Grant[] = [{ scope: 'read', ns: 'public' }];
const SENT = { username: 'nacos', password: 'rc_token' };

describe('sessionOf', () => {
  it('[Y11] gives back the token that was the password', () => {
    expect(sessionOf({ tokenId: 't', grants: READ }, SENT, 0)).toEqual({
      accessToken: 'rc_token',
      tokenTtl: 18_000,
      globalAdmin: false,
      username: 'nacos',
    });
  });

  it.each([
    [undefined, 18_000],
    [1_000_000_000, 18_000],
    [90_500, 90],
    [1, 1],
    [-1, 1],
  ])('[Y11] a token that ends in %j ms is good for %d seconds', (expiresAt, tokenTtl) => {
    expect(sessionOf({ tokenId: 't', grants: READ, expiresAt }, SENT, 0).tokenTtl).toBe(tokenTtl);
  });

  it('[Y11] calls an admin of all one, and no other', () => {
    const isAdmin = (grants: Grant[]) => sessionOf({ tokenId: 't', grants }, SENT, 0).globalAdmin;
    expect(isAdmin([{ scope: 'admin', ns: '*' }])).toBe(true);
    expect(isAdmin([{ scope: 'admin', ns: 'public' }])).toBe(false);
    expect(isAdmin([{ scope: 'operate', ns: '*' }])).toBe(false);
  });

  it('[Y11] refuses a token that is good for nothing', () => {
    expect(() => sessionOf({ tokenId: 't', grants: [] }, SENT, 0)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });
});
