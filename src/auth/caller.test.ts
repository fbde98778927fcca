import { describe, expect, it } from 'vitest';
import type { Grant } from '../model/grant';
import { callerOf } from './caller';
import { ROOT } from './principal';

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
