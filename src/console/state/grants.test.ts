import { describe, expect, it } from 'vitest';
import { ServicePattern } from '../../model/grant';
import { allowsPathWrite, breadthOf, expiryOf, grantOf, matchedServices, patternOf, patternTitle } from './grants';

const read = (services?: string[], ns = 'production') => ({ scope: 'read' as const, ns, services });

describe('an entered pattern', () => {
  it.each([
    ['payments', 'DEFAULT_GROUP@@payments'],
    ['payments*', 'DEFAULT_GROUP@@payments*'],
    ['eu@@orders', 'eu@@orders'],
    ['eu@@*', 'eu@@*'],
    ['eu*@@*', 'eu*'],
    ['DEFAULT_GROUP@@*', 'DEFAULT_GROUP@@*'],
    ['*', '*'],
  ])('%s means %s, and is shown as it was entered', (entered, pattern) => {
    expect(patternOf(entered)).toBe(pattern);
    expect(ServicePattern.safeParse(pattern).success).toBe(true);
    expect(patternTitle(pattern)).toBe(entered);
  });

  it('is shown in full where its name has a separator', () => {
    expect(patternTitle('DEFAULT_GROUP@@a@@b')).toBe('DEFAULT_GROUP@@a@@b');
  });
});

describe('an entered grant', () => {
  it('has a pattern for each line, and none without lines', () => {
    const draft = { scope: 'register' as const, ns: ' production ', services: ' a \n\neu@@b*\n', keys: '' };
    expect(grantOf(draft)).toEqual({ scope: 'register', ns: 'production', services: ['DEFAULT_GROUP@@a', 'eu@@b*'] });
    expect(grantOf({ ...draft, services: ' \n' })).toEqual({ scope: 'register', ns: 'production' });
    const keys = ['config/*', 'leader'];
    expect(grantOf({ ...draft, services: '', keys: ' config/* \n\nleader' })).toEqual({
      scope: 'register',
      ns: 'production',
      keys,
    });
  });

  it('with admin or metrics is for the whole namespace', () => {
    for (const scope of ['admin', 'metrics'] as const)
      expect(grantOf({ scope, ns: 'a', services: 'b', keys: 'c' })).toEqual({ scope, ns: 'a' });
  });
});

it('a grant matches the services that the registry would', () => {
  const all = ['pay', 'payments', 'orders'].map((service) => ({ group: 'DEFAULT_GROUP', service }));
  const other = { group: 'eu', service: 'payments' };
  const names = (services?: string[]) =>
    matchedServices(read(services), [...all, other]).map(({ group, service }) => `${group}/${service}`);
  expect(names(['DEFAULT_GROUP@@pay*'])).toEqual(['DEFAULT_GROUP/pay', 'DEFAULT_GROUP/payments']);
  expect(names(['eu@@*', 'DEFAULT_GROUP@@orders'])).toEqual(['DEFAULT_GROUP/orders', 'eu/payments']);
  expect(names()).toHaveLength(4);
  expect(matchedServices({ ...read(), keys: ['*'] }, all)).toEqual([]);
});

it('a broad grant is noticed', () => {
  expect(breadthOf({ scope: 'admin', ns: 'a' })).toBe('admin');
  expect(breadthOf(read(['a@@b'], '*'))).toBe('everywhere');
  expect(breadthOf({ scope: 'register', ns: 'a' })).toBe('all-services');
  expect(breadthOf({ scope: 'operate', ns: 'a', services: ['a@@b', '*'] })).toBe('all-services');
  expect(breadthOf({ scope: 'operate', ns: 'a', services: ['a@@b'] })).toBeUndefined();
  expect(breadthOf(read())).toBeUndefined();
  expect(breadthOf({ scope: 'register', ns: 'a', services: [], keys: ['b'] })).toBeUndefined();
});

it('a token may be used in a path only if it registers in one namespace', () => {
  const register = { scope: 'register' as const, ns: 'a' };
  expect(allowsPathWrite([register, { ...register, services: ['b@@c'] }])).toBe(true);
  expect(allowsPathWrite([register, { ...register, ns: 'b' }])).toBe(false);
  expect(allowsPathWrite([{ ...register, ns: '*' }])).toBe(false);
  expect(allowsPathWrite([register, read(undefined, 'a')])).toBe(false);
});

it('an expiry is marked in the week before it, and after it', () => {
  const now = Date.parse('2026-11-20T12:00:00Z');
  expect(expiryOf(undefined, now)).toBe('never');
  expect(expiryOf('2026-11-27T12:00:01Z', now)).toBe('later');
  expect(expiryOf('2026-11-27T12:00:00Z', now)).toBe('soon');
  expect(expiryOf('2026-11-20T12:00:00Z', now)).toBe('expired');
});
