import { expect, it } from 'vitest';
import type { RegistryHttp } from '../wire/registry-http';
import type { Time } from '../wire/time';
import { readCachedService } from './cached-service';

it.each([
  ['orders', { group: 'DEFAULT_GROUP', service: 'orders' }],
  ['eu@@orders', { group: 'eu', service: 'orders' }],
  ['a@@@b', { group: 'a', service: '@b' }],
  ['DEFAULT_GROUP@@eu@@orders', { group: 'DEFAULT_GROUP', service: 'eu@@orders' }],
])('[A50] reads %s as one service, split at the first separator', async (text, name) => {
  const asked: object[] = [];
  const servicePath = (key: object): string => {
    asked.push(key);
    throw new Error('nothing else is read');
  };
  // `as`, twice: nothing else of them is used before the path is known.
  const reading = readCachedService(
    { servicePath } as Partial<RegistryHttp> as RegistryHttp,
    {} as Time,
    text,
    0,
    undefined,
  );
  await expect(reading).rejects.toThrow('nothing else');
  expect(asked).toEqual([name]);
});
