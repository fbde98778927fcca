import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import type { Grant } from '../model/grant';
import type { Claim } from '../model/instance';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../model/limits';
import { authorizeRegistration } from './authorize-registration';

const own = { group: 'g', service: 'own' };
const claim = (service: string): Claim => ({ service: { group: 'g', service }, by: `vipAddress "${service}"` });
const registers = (...services: string[]): Grant => ({ scope: 'register', ns: 'n', services });

function refusal(grants: Grant[], ...claims: Claim[]): string {
  try {
    authorizeRegistration({ tokenId: 't', grants }, 'n', own, claims);
    return '';
  } catch (error) {
    const { code, message } = error as { code: string; message: string }; // `as`: another error has no code, and fails
    return `${code} ${message}`;
  }
}

describe('authorizeRegistration', () => {
  it('[A48] asks for the service, and for each that is claimed', () => {
    expect(refusal([registers('g@@own')])).toBe('');
    expect(refusal([registers('g@@own', 'g@@a', 'g@@b')], claim('a'), claim('b'))).toBe('');
    expect(refusal([registers('g@@own'), registers('g@@a')], claim('a'), claim('b'))).toContain('vipAddress "b"');
    expect(refusal([registers('g@@a')], claim('a'))).toContain('lacks the scope "register" on service "g@@own"');
    expect(refusal([{ ...registers('g@@own', 'g@@a'), scope: 'read' }], claim('a'))).toContain('FORBIDDEN');
    expect(refusal([registers('g@@own'), { ...registers('g@@a'), scope: 'operate' }], claim('a'))).toBe('');
  });

  it('[A48] asks for so many claims, and refuses more, unless the token is for the whole namespace', () => {
    const claims = Array.from({ length: REGISTRATION_CLAIMS_MAX_COUNT }, (_, index) => claim(`a${index}`));
    expect(refusal([registers('g@@*')], ...claims)).toBe('');
    expect(refusal([registers('g@@*')], ...claims, claim('b'))).toMatch(
      /^INVALID_REQUEST the instance claims too many services/,
    );
    expect(refusal([{ scope: 'register', ns: 'n' }], ...claims, claim('b'))).toBe('');
  });

  it('[A48] says what names which service, and which grant would do', () => {
    expect(refusal([registers('g@@own')], claim('a'))).toBe(
      'FORBIDDEN vipAddress "a" names the service "g@@a" of namespace "n", where token "t" lacks the scope "register"; leave it out, or use a token with the grant {"scope":"register","ns":"n","services":["g@@a"]}',
    );
  });

  it('[A48] names no grant for what none is good for alone', () =>
    everyRow(['*', 'a*', 'a@@b', ''], (name) => {
      expect(refusal([registers('g@@own')], claim(name))).toMatch(/lacks the scope "register"; leave it out$/);
    }));
});
