import { expect, it } from 'vitest';
import { HandWatch } from '../../test/fixtures/hand-watch';
import type { Client } from './client';
import { resolver } from './resolver';

function handClient(): { client: Client; watches: HandWatch[] } {
  const watches: HandWatch[] = [];
  const close = async () => {};
  const client: Client = {
    register: () => Promise.reject(new Error('nothing is registered here')),
    watch: (scope, options) => {
      const watch = new HandWatch(scope, options);
      watches.push(watch);
      return watch;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return { client, watches };
}

it('[B3] resolvers of one client share the watch of a service, and those of another have their own', () => {
  const one = handClient();
  const other = handClient();
  const resolvers = [resolver(one.client, 'orders'), resolver(one.client, 'orders'), resolver(one.client, 'carts')];
  resolver(other.client, 'orders');
  expect(one.watches.map(({ scope }) => scope.services)).toEqual([['DEFAULT_GROUP@@orders'], ['DEFAULT_GROUP@@carts']]);
  expect(other.watches).toHaveLength(1);
  resolvers[0]?.close();
  expect(one.watches[0]?.isClosed).toBe(false);
  resolvers[1]?.close();
  expect(one.watches[0]?.isClosed).toBe(true);
});
