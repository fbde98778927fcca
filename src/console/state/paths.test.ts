import { describe, expect, it } from 'vitest';
import { placeOf, titleOf } from './paths';

const TITLES = {
  namespaces: 'Namespaces',
  services: 'Services',
  entries: 'Entries',
  history: 'History',
  settings: 'Settings',
  tokens: 'Tokens',
  audit: 'Audit',
};

describe('the title of a page', () => {
  it.each([
    ['/', 'Namespaces · Rollcall'],
    ['/production/services', 'Services · production · Rollcall'],
    ['/production/services/DEFAULT_GROUP/payments', 'payments · production · Rollcall'],
    ['/production/services/DEFAULT_GROUP/payments/diff', 'payments · production · Rollcall'],
    ['/production/services/g/payments/instances/p-1', 'p-1 · payments · production · Rollcall'],
    ['/production/services/g/a%2Fb%25', 'a/b% · production · Rollcall'],
    ['/production/entries', 'Entries · production · Rollcall'],
    ['/production/history', 'History · production · Rollcall'],
    ['/access/tokens', 'Tokens · Rollcall'],
    ['/access/audit', 'Audit · Rollcall'],
    ['/access/services', 'Services · access · Rollcall'],
    ['/production/unknown', 'production · Rollcall'],
  ])('of %s is %s', (path, title) => {
    expect(titleOf(placeOf(path), TITLES)).toBe(title);
  });
});
