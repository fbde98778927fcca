import { expect, it } from 'vitest';
import { Grant } from './grant';

it.each([
  { scope: 'admin', ns: '*' },
  { scope: 'read', ns: 'shop' },
  { scope: 'register', ns: 'shop', services: ['DEFAULT_GROUP@@orders*'] },
])('[A4] takes %j', (grant) => expect(Grant.parse(grant)).toEqual(grant));

it.each([
  { scope: 'write', ns: 'shop' },
  { scope: 'read' },
  { scope: 'read', ns: '' },
  { scope: 'read', ns: 'sh*' },
  { scope: 'read', ns: 'shop', services: [] },
  { scope: 'read', ns: 'shop', services: ['orders'] },
  { scope: 'read', ns: 'shop', service: ['g@@orders'] },
  { scope: 'admin', ns: 'shop', services: ['g@@orders'] },
  { scope: 'metrics', ns: 'shop', services: ['g@@orders'] },
])('[A4] refuses %j', (grant) => expect(Grant.safeParse(grant).success).toBe(false));
