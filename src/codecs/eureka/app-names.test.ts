import { describe, expect, it } from 'vitest';
import { appOf, serviceOf } from './app-names';

describe('names of applications', () => {
  it.each([
    ['ORDERS', { group: 'DEFAULT_GROUP', service: 'orders' }, 'ORDERS'],
    ['Orders', { group: 'DEFAULT_GROUP', service: 'orders' }, 'ORDERS'],
    ['TEAM@@ORDERS', { group: 'team', service: 'orders' }, 'TEAM@@ORDERS'],
    ['DEFAULT_GROUP@@ORDERS', { group: 'DEFAULT_GROUP', service: 'orders' }, 'ORDERS'],
    ['straße', { group: 'DEFAULT_GROUP', service: 'strasse' }, 'STRASSE'],
  ])('[F1] %s', (app, service, shown) => {
    expect(serviceOf(app)).toEqual(service);
    expect(appOf(service)).toBe(shown);
  });
});
