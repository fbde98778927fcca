import { expect, it } from 'vitest';
import { serviceFilter } from './source';

const orders = { group: 'DEFAULT_GROUP', service: 'orders' };
const teamOrders = { group: 'team', service: 'orders' };

it('[K27] selects services by name or prefix', () => {
  const cases: [string[], boolean, boolean][] = [
    [[], true, true],
    [['orders'], true, false],
    [['team@@orders'], false, true],
    [['ord*'], true, false],
    [['team@@*'], false, true],
    [['*'], true, true],
    [['payments', 'orders'], true, false],
    [['order'], false, false],
    [['Orders'], false, false],
  ];
  for (const [patterns, one, other] of cases) {
    const filter = serviceFilter(patterns);
    expect([filter(orders), filter(teamOrders)], patterns.join()).toEqual([one, other]);
  }
});

it("[K27] ignores case in Eureka's names", () => {
  const filter = serviceFilter(['ORD*'], (one, other) => one.toLowerCase() === other.toLowerCase());
  expect([filter(orders), filter(teamOrders)]).toEqual([true, false]);
});
