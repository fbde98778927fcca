import { expect, it } from 'vitest';
import { EurekaStage } from '../../../test/fixtures/eureka-stage';
import { readKept } from './kept';

const whole = {
  status: 'UNKNOWN',
  port: { number: 0, enabled: false },
  countryId: 7,
  dataCenter: { name: 'Amazon', metadata: { 'instance-id': 'i-1' } },
  lastDirtyTimestamp: 1_700_000_000_000,
  vipAddress: 'orders',
};

it('[F1] what is kept is read as it was written', () => {
  expect(readKept(whole)).toEqual(whole);
  expect(readKept({ ...whole, more: 'x' })).toEqual(whole);
});

it.each([
  undefined,
  'text',
  { status: 'Sideways' },
  { port: { number: 2 ** 31, enabled: true } },
  { countryId: 2 ** 31 },
  { renewalIntervalInSecs: 2 ** 31 },
  { dataCenter: { name: 'Azure' } },
  { dataCenter: { name: 'Amazon', metadata: { '': 'x' } } },
])('[F1] %j, which another door may have written, is none', async (eureka) => {
  expect(readKept(eureka)).toBeUndefined();
  const stage = new EurekaStage();
  await stage.registerNative('u', { extensions: { eureka: eureka ?? null } });
  expect((await stage.list()).application).toMatchObject([
    { instance: [{ status: 'UP', countryId: 1, dataCenterInfo: { name: 'MyOwn' } }] },
  ]);
});
