import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import { RegistryError } from '../model/errors';
import type { Grant, Scope } from '../model/grant';
import { authorize } from './authorize';
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
