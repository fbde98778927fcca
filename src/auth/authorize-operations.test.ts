import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import type { Operation } from '../model/batch';
import type { Grant } from '../model/grant';
import { authorizeOperations, authorizeServices } from './authorize-operations';

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

const registers: Grant = { scope: 'register', ns: 'n', services: ['g@@own*'] };

describe('authorizeOperations', () => {
  it('[A5] asks of each operation what its single call asks', () =>
    everyRow(
      [
        ['register', 'allowed', 'allowed', 'FORBIDDEN'],
        ['update', 'allowed', 'allowed', 'FORBIDDEN'],
        ['deregister', 'allowed', 'allowed', 'FORBIDDEN'],
        ['override', 'FORBIDDEN', 'allowed', 'FORBIDDEN'],
      ] as const,
      ([op, withRegister, withOperate, withRead]) => {
        expect(batch([registers], on(op, 'own-1'))).toBe(withRegister);
        expect(batch([{ ...registers, scope: 'operate' }], on(op, 'own-1'))).toBe(withOperate);
        expect(batch([{ ...registers, scope: 'read' }], on(op, 'own-1'))).toBe(withRead);
        expect(batch([{ scope: 'operate', ns: 'n' }], on(op, 'own-1'))).toBe('allowed');
        expect(batch([{ scope: 'operate', ns: 'other' }], on(op, 'own-1'))).toBe('FORBIDDEN');
      },
    ));

  it('[A5] refuses a batch for one operation, wherever it stands', () => {
    const own = on('register', 'own');
    expect(batch([registers], own, own, own)).toBe('allowed');
    expect(batch([registers], on('register', 'other'), own, own)).toBe('FORBIDDEN');
    expect(batch([registers], own, on('deregister', 'other'), own)).toBe('FORBIDDEN');
    expect(batch([registers], own, own, on('override', 'own'))).toBe('FORBIDDEN');
  });

  it('[A48] asks of each registration for the services that it claims, and of nothing else', () => {
    const claims = [{ service: { group: 'g', service: 'claimed' }, by: 'its extension' }];
    const claiming = (op: Operation['op'], grants: Grant[]): string =>
      outcome(() => authorizeOperations({ tokenId: 't', grants }, 'n', [on(op, 'own')], () => claims));
    expect(claiming('register', [registers])).toBe('FORBIDDEN');
    expect(claiming('update', [registers])).toBe('allowed');
    expect(claiming('register', [registers, { ...registers, services: ['g@@claimed'] }])).toBe('allowed');
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

  it('[A5] asks for each service, also between repeats of others', () => {
    expect(asked([registers], 'own', 'own', 'own-2', 'own')).toBe('allowed');
    expect(asked([registers], 'own', 'own', 'other', 'own')).toBe('FORBIDDEN');
    expect(asked([registers], 'other', 'own')).toBe('FORBIDDEN');
    expect(asked([registers, { scope: 'register', ns: 'n' }], 'other', 'own')).toBe('allowed');
    expect(asked([], 'own')).toBe('FORBIDDEN');
  });

  it('[A5] does not take a service of another group for a repeat', () => {
    const principal = { tokenId: 't', grants: [registers] };
    const services = [
      { group: 'g', service: 'own' },
      { group: 'h', service: 'own' },
    ];
    expect(outcome(() => authorizeServices(principal, 'register', 'n', services))).toBe('FORBIDDEN');
  });
});
