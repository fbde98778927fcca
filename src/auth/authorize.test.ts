import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import { RegistryError } from '../model/errors';
import type { Grant, Scope } from '../model/grant';
import { authorize, callerOf } from './authorize';
import { ROOT } from './principal';

const SCOPES: Scope[] = ['admin', 'operate', 'register', 'read', 'metrics'];

/** Which scopes are good for what the key asks for. */
const HOLDERS: Record<Scope, Scope[]> = {
  admin: ['admin'],
  operate: ['admin', 'operate'],
  register: ['admin', 'operate', 'register'],
  read: ['admin', 'read'],
  metrics: ['admin', 'metrics'],
};

const may = (grants: Grant[], scope: Scope, namespace: string): boolean => {
  try {
    authorize({ tokenId: 't', grants }, scope, { namespace });
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'FORBIDDEN') return false;
    throw error;
  }
};

describe('authorize', () => {
  it('lets root do everything anywhere', () =>
    everyRow(SCOPES, (scope) => {
      expect(() => authorize(ROOT, scope, { namespace: 'any' })).not.toThrow();
    }));

  it('gives each scope to those who hold it, or hold more', () =>
    everyRow(SCOPES, (scope) => {
      const holders = SCOPES.filter((held) => may([{ scope: held, ns: 'a' }], scope, 'a'));
      expect(holders).toEqual(HOLDERS[scope]);
    }));

  it('holds a grant to its namespace', () => {
    expect(may([{ scope: 'read', ns: 'a' }], 'read', 'b')).toBe(false);
    expect(may([{ scope: 'admin', ns: 'a' }], 'read', 'b')).toBe(false);
    expect(may([{ scope: 'read', ns: '*' }], 'read', 'b')).toBe(true);
    expect(may([], 'read', 'a')).toBe(false);
  });

  it('does not make one grant of two', () => {
    const grants: Grant[] = [
      { scope: 'read', ns: 'a' },
      { scope: 'operate', ns: 'b' },
    ];
    expect(may(grants, 'operate', 'a')).toBe(false);
    expect(may(grants, 'operate', 'b')).toBe(true);
  });

  it('names what is lacking, and not the token itself', () => {
    expect(() => authorize({ tokenId: 'tok', grants: [] }, 'operate', { namespace: 'ns1' })).toThrowError(
      'token "tok" lacks the scope "operate" on namespace "ns1"',
    );
  });
});

describe('callerOf', () => {
  it('[A4] tells whose instances a principal may change in a namespace', () => {
    const grants: Grant[] = [
      { scope: 'operate', ns: 'a' },
      { scope: 'operate', ns: 'b', services: ['g@@own*'] },
      { scope: 'register', ns: 'c' },
    ];
    const principal = { tokenId: 't', grants };
    expect(callerOf(principal, 'a')).toEqual({ tokenId: 't', operates: true, share: 'all' });
    expect(callerOf(principal, 'b').operates).toEqual(['g@@own*']);
    expect(callerOf(principal, 'c').operates).toBe(false);
    expect(callerOf(ROOT, 'any')).toEqual({ tokenId: 'root', operates: true, share: 'all' });
  });

  it('[N26] tells how much of a namespace a principal may fill', () => {
    const share = (...grants: Grant[]) => callerOf({ tokenId: 't', grants }, 'a').share;
    const services = ['g@@own*'];
    expect(share({ scope: 'admin', ns: '*' })).toBe('all');
    expect(share({ scope: 'operate', ns: 'a' })).toBe('all');
    expect(share({ scope: 'register', ns: 'a' })).toBe('most');
    expect(share({ scope: 'register', ns: 'a' }, { scope: 'operate', ns: 'a', services })).toBe('most');
    expect(share({ scope: 'operate', ns: 'a', services })).toBe('half');
    expect(share({ scope: 'read', ns: 'a' }, { scope: 'register', ns: 'a', services })).toBe('half');
    expect(share({ scope: 'operate', ns: 'b' })).toBe('half');
  });

  it('makes it once, and nobody can change it', () => {
    const principal = { tokenId: 't', grants: [] };
    expect(callerOf(principal, 'a')).toBe(callerOf(principal, 'a'));
    expect(callerOf(principal, 'b')).not.toBe(callerOf(principal, 'a'));
    expect(Object.isFrozen(callerOf(principal, 'a'))).toBe(true);
  });
});
