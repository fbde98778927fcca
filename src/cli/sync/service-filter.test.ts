import { expect, it } from 'vitest';
import { serviceFilter } from './service-filter';

const orders = { group: 'DEFAULT_GROUP', service: 'orders' };
const teamOrders = { group: 'team', service: 'orders' };

it.each([
  [[], true, true],
  [['orders'], true, false],
  [['team@@orders'], false, true],
  [['ord*'], true, false],
  [['team@@*'], false, true],
  [['*'], true, true],
  [['payments', 'orders'], true, false],
  [['order'], false, false],
  [['Orders'], false, false],
])('[K27] %j names orders: %j, team@@orders: %j', (patterns, one, other) => {
  const filter = serviceFilter(patterns);
  expect([filter(orders), filter(teamOrders)]).toEqual([one, other]);
});

it('[K27] takes the names of Eureka in any case', () => {
  const filter = serviceFilter(['ORD*'], (one, other) => one.toLowerCase() === other.toLowerCase());
  expect([filter(orders), filter(teamOrders)]).toEqual([true, false]);
});
