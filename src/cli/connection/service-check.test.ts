import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { nearestName } from './service-check';

it('[K35] finds the nearest of the known names, and none that is too different', () =>
  eachRow(
    [
      ['ordres', 'orders'],
      ['Orders', 'orders'],
      ['order', 'orders'],
      ['cart', 'carts'],
      ['eu@@order', 'eu@@orders'],
      ['payments', undefined],
      ['o', undefined],
    ],
    (name, nearest) => {
      expect(nearestName(name, ['billing', 'orders', 'carts', 'eu@@orders'])).toBe(nearest);
    },
  ));
