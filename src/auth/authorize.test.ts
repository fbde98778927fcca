import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import type { Operation } from '../model/batch';
import { RegistryError } from '../model/errors';
import type { Grant, Scope } from '../model/grant';
import type { Claim } from '../model/instance';
import { intervalOf, intervalOfPrefix } from '../model/key-interval';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../model/limits';
import { ROOT } from './authenticator';
import { authorize, authorizeOperations, authorizeRegistration, authorizeServices, callerOf } from './authorize';

const SCOPES: Scope[] = ['admin', 'operate', 'register', 'read', 'metrics'];

/** Scopes that permit what the key requests. */
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
  it('permits root everything in any namespace', () =>
    everyRow(SCOPES, (scope) => {
      expect(() => authorize(ROOT, scope, { namespace: 'any' })).not.toThrow();
    }));

  it('permits a scope to grants of that scope or a higher one', () =>
    everyRow(SCOPES, (scope) => {
      const holders = SCOPES.filter((held) => may([{ scope: held, ns: 'a' }], scope, 'a'));
      expect(holders).toEqual(HOLDERS[scope]);
    }));

  it('limits a grant to its namespace', () => {
    expect(may([{ scope: 'read', ns: 'a' }], 'read', 'b')).toBe(false);
    expect(may([{ scope: 'admin', ns: 'a' }], 'read', 'b')).toBe(false);
    expect(may([{ scope: 'read', ns: '*' }], 'read', 'b')).toBe(true);
    expect(may([], 'read', 'a')).toBe(false);
  });

  it('does not combine two grants into one', () => {
    const grants: Grant[] = [
      { scope: 'read', ns: 'a' },
      { scope: 'operate', ns: 'b' },
    ];
    expect(may(grants, 'operate', 'a')).toBe(false);
    expect(may(grants, 'operate', 'b')).toBe(true);
  });

  it('names the missing scope, and the id of the token instead of its secret', () => {
    expect(() => authorize({ tokenId: 'tok', grants: [] }, 'operate', { namespace: 'ns1' })).toThrowError(
      'token "tok" lacks the scope "operate" on namespace "ns1"',
    );
  });
});

describe('a refusal', () => {
  it.each([
    [intervalOf('a'), 'key "a"'],
    [intervalOfPrefix('a/'), 'all keys that begin with "a/"'],
    [intervalOfPrefix(''), 'all keys'],
    [{ from: 'a', to: 'c' }, 'the keys from "a" up to "c"'],
    [{ from: 'a' }, 'the keys from "a" on'],
  ])('names the keys %j', (keys, named) => {
    expect(() => authorize({ tokenId: 't', grants: [] }, 'read', { namespace: 'n', keys })).toThrow(
      `token "t" lacks the scope "read" on ${named} of namespace "n"`,
    );
  });
});

describe('callerOf', () => {
  it('[A4] returns whose instances a principal may change in a namespace', () => {
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

  it('[N26] returns how much of a namespace a principal may fill', () => {
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

  it('returns the same frozen object each time', () => {
    const principal = { tokenId: 't', grants: [] };
    expect(callerOf(principal, 'a')).toBe(callerOf(principal, 'a'));
    expect(callerOf(principal, 'b')).not.toBe(callerOf(principal, 'a'));
    expect(Object.isFrozen(callerOf(principal, 'a'))).toBe(true);
  });
});

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
  it('[A48] requires a grant for the service and for each claimed service', () => {
    expect(refusal([registers('g@@own')])).toBe('');
    expect(refusal([registers('g@@own', 'g@@a', 'g@@b')], claim('a'), claim('b'))).toBe('');
    expect(refusal([registers('g@@own'), registers('g@@a')], claim('a'), claim('b'))).toContain('vipAddress "b"');
    expect(refusal([registers('g@@a')], claim('a'))).toContain('lacks the scope "register" on service "g@@own"');
    expect(refusal([{ ...registers('g@@own', 'g@@a'), scope: 'read' }], claim('a'))).toContain('FORBIDDEN');
    expect(refusal([registers('g@@own'), { ...registers('g@@a'), scope: 'operate' }], claim('a'))).toBe('');
  });

  it('[A48] refuses claims above the limit, unless the token covers the whole namespace', () => {
    const claims = Array.from({ length: REGISTRATION_CLAIMS_MAX_COUNT }, (_, index) => claim(`a${index}`));
    expect(refusal([registers('g@@*')], ...claims)).toBe('');
    expect(refusal([registers('g@@*')], ...claims, claim('b'))).toMatch(
      /^INVALID_REQUEST the instance claims too many other services/,
    );
    expect(refusal([{ scope: 'register', ns: 'n' }], ...claims, claim('b'))).toBe('');
  });

  it('[A48] names the field that claims the service, and a sufficient grant', () => {
    expect(refusal([registers('g@@own')], claim('a'))).toBe(
      'FORBIDDEN vipAddress "a" names the service "g@@a" of namespace "n", where token "t" lacks the scope "register"; remove it, or use a token with the grant {"scope":"register","ns":"n","services":["g@@a"]}',
    );
  });

  it("[A48] suggests no grant where a single one can't cover the name", () =>
    everyRow(['*', 'a*', 'a@@b', ''], (name) => {
      expect(refusal([registers('g@@own')], claim(name))).toMatch(/lacks the scope "register"; remove it$/);
    }));
});

const on = (op: Operation['op'], service: string): Operation =>
  // `as`: only its kind and its names are looked at.
  ({ op, key: { group: 'g', service, id: 'a' }, precondition: {}, definition: { extensions: {} } }) as Operation;

const outcome = (act: () => void): string => {
  try {
    act();
    return 'allowed';
  } catch (error) {
    return (error as { code: string }).code; // `as`: whatever else it is has no code, and the test fails
  }
};

const batch = (grants: Grant[], ...operations: Operation[]): string =>
  outcome(() => authorizeOperations({ tokenId: 't', grants }, 'n', operations, () => []));

const ownRegisters: Grant = { scope: 'register', ns: 'n', services: ['g@@own*'] };

describe('authorizeOperations', () => {
  it('[A5] requires of each operation what its single call requires', () =>
    everyRow(
      [
        ['register', 'allowed', 'allowed', 'FORBIDDEN'],
        ['update', 'allowed', 'allowed', 'FORBIDDEN'],
        ['deregister', 'allowed', 'allowed', 'FORBIDDEN'],
        ['override', 'FORBIDDEN', 'allowed', 'FORBIDDEN'],
      ] as const,
      ([op, withRegister, withOperate, withRead]) => {
        expect(batch([ownRegisters], on(op, 'own-1'))).toBe(withRegister);
        expect(batch([{ ...ownRegisters, scope: 'operate' }], on(op, 'own-1'))).toBe(withOperate);
        expect(batch([{ ...ownRegisters, scope: 'read' }], on(op, 'own-1'))).toBe(withRead);
        expect(batch([{ scope: 'operate', ns: 'n' }], on(op, 'own-1'))).toBe('allowed');
        expect(batch([{ scope: 'operate', ns: 'other' }], on(op, 'own-1'))).toBe('FORBIDDEN');
      },
    ));

  it('[A5] refuses a batch for one operation at any position', () => {
    const own = on('register', 'own');
    expect(batch([ownRegisters], own, own, own)).toBe('allowed');
    expect(batch([ownRegisters], on('register', 'other'), own, own)).toBe('FORBIDDEN');
    expect(batch([ownRegisters], own, on('deregister', 'other'), own)).toBe('FORBIDDEN');
    expect(batch([ownRegisters], own, own, on('override', 'own'))).toBe('FORBIDDEN');
  });

  it('[A48] requires grants for the claimed services of registrations, and of no other operation', () => {
    const claims = [{ service: { group: 'g', service: 'claimed' }, by: 'its extension' }];
    const claiming = (op: Operation['op'], grants: Grant[]): string =>
      outcome(() => authorizeOperations({ tokenId: 't', grants }, 'n', [on(op, 'own')], () => claims));
    expect(claiming('register', [ownRegisters])).toBe('FORBIDDEN');
    expect(claiming('update', [ownRegisters])).toBe('allowed');
    expect(claiming('register', [ownRegisters, { ...ownRegisters, services: ['g@@claimed'] }])).toBe('allowed');
    expect(claiming('register', [{ scope: 'register', ns: 'n' }])).toBe('allowed');
  });
});

describe('authorizeServices', () => {
  const asked = (grants: Grant[], ...services: string[]): string =>
    outcome(() =>
      authorizeServices(
        { tokenId: 't', grants },
        'register',
        'n',
        services.map((service) => ({ group: 'g', service })),
      ),
    );

  it('[A5] checks each service, also between repeats of others', () => {
    expect(asked([ownRegisters], 'own', 'own', 'own-2', 'own')).toBe('allowed');
    expect(asked([ownRegisters], 'own', 'own', 'other', 'own')).toBe('FORBIDDEN');
    expect(asked([ownRegisters], 'other', 'own')).toBe('FORBIDDEN');
    expect(asked([ownRegisters, { scope: 'register', ns: 'n' }], 'other', 'own')).toBe('allowed');
    expect(asked([], 'own')).toBe('FORBIDDEN');
  });

  it('[A5] distinguishes services of the same name in different groups', () => {
    const principal = { tokenId: 't', grants: [ownRegisters] };
    const services = [
      { group: 'g', service: 'own' },
      { group: 'h', service: 'own' },
    ];
    expect(outcome(() => authorizeServices(principal, 'register', 'n', services))).toBe('FORBIDDEN');
  });
});
