import { describe, expect, it } from 'vitest';
import { GRANT_SERVICES_MAX_COUNT, GRANTS_MAX_COUNT, TOKEN_LIFE_MIN_MS } from './limits';
import { TokenRequest } from './token';

const register = { scope: 'register', ns: 'shop' };
const accepts = (members: object): boolean =>
  TokenRequest.safeParse({ name: 'n', grants: [register], ...members }).success;

describe('TokenRequest', () => {
  it('[A4] defaults to headers only, until it is revoked', () => {
    expect(TokenRequest.parse({ name: 'n', grants: [register] })).toEqual({
      name: 'n',
      grants: [register],
      pathWrite: false,
    });
  });

  it('[A4] requires a grant, a name and a sufficient lifetime', () => {
    expect(accepts({ grants: [] })).toBe(false);
    expect(accepts({ name: '' })).toBe(false);
    expect(accepts({ expiresInMs: TOKEN_LIFE_MIN_MS })).toBe(true);
    expect(accepts({ expiresInMs: TOKEN_LIFE_MIN_MS - 1 })).toBe(false);
  });

  it('[A4] can write by path only with register grants on one namespace', () => {
    expect(accepts({ pathWrite: true })).toBe(true);
    expect(accepts({ pathWrite: true, grants: [register, { scope: 'register', ns: 'other' }] })).toBe(false);
    expect(accepts({ pathWrite: true, grants: [{ scope: 'register', ns: '*' }] })).toBe(false);
    expect(accepts({ pathWrite: true, grants: [register, { scope: 'read', ns: 'shop' }] })).toBe(false);
  });

  it('[A4] has no more grants than a socket can store', () => {
    expect(accepts({ grants: Array.from({ length: GRANTS_MAX_COUNT }, () => register) })).toBe(true);
    expect(accepts({ grants: Array.from({ length: GRANTS_MAX_COUNT + 1 }, () => register) })).toBe(false);
    const services = Array.from({ length: GRANT_SERVICES_MAX_COUNT }, (_, index) => `g@@${'x'.repeat(60)}${index}`);
    expect(accepts({ grants: [{ ...register, services }] })).toBe(false);
  });
});
