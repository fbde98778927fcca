import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { appOf, serviceOf } from './app-names';

describe('names of applications', () => {
  it('[F1] are services in lower case, and applications in upper case', () =>
    eachRow(
      [
        ['ORDERS', { group: 'DEFAULT_GROUP', service: 'orders' }, 'ORDERS'],
        ['Orders', { group: 'DEFAULT_GROUP', service: 'orders' }, 'ORDERS'],
        ['TEAM@@ORDERS', { group: 'team', service: 'orders' }, 'TEAM@@ORDERS'],
        ['DEFAULT_GROUP@@ORDERS', { group: 'DEFAULT_GROUP', service: 'orders' }, 'ORDERS'],
        ['straße', { group: 'DEFAULT_GROUP', service: 'strasse' }, 'STRASSE'],
      ],
      (app, service, shown) => {
        expect(serviceOf(app)).toEqual(service);
        expect(appOf(service)).toBe(shown);
      },
    ));
});
