import { describe, expect, it } from 'vitest';
import { RegistryError } from '../model/errors';
import { authorize } from './authorize';
import { type Grant, ROOT, type Scope } from './principal';

const SCOPES: Scope[] = ['admin', 'operate', 'register', 'read', 'metrics'];

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
  it.each(SCOPES)('lets root do %s anywhere', (scope) => {
    expect(() => authorize(ROOT, scope, { namespace: 'any' })).not.toThrow();
  });

  it.each(SCOPES)('gives %s to admin and to itself, and to no other', (scope) => {
    const holders = SCOPES.filter((held) => may([{ scope: held, namespace: 'a' }], scope, 'a'));
    expect(holders).toEqual(scope === 'admin' ? ['admin'] : ['admin', scope]);
  });

  it('holds a grant to its namespace', () => {
    expect(may([{ scope: 'read', namespace: 'a' }], 'read', 'b')).toBe(false);
    expect(may([{ scope: 'admin', namespace: 'a' }], 'read', 'b')).toBe(false);
    expect(may([{ scope: 'read', namespace: '*' }], 'read', 'b')).toBe(true);
    expect(may([], 'read', 'a')).toBe(false);
  });

  it('does not make one grant of two', () => {
    const grants: Grant[] = [
      { scope: 'read', namespace: 'a' },
      { scope: 'operate', namespace: 'b' },
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
