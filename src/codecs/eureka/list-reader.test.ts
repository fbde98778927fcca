import { expect, it } from 'vitest';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import { readList } from './list-reader';

const instance = (more: object) => ({ ...SPRING_INSTANCE, ...more });
const list = (application: unknown) => readList({ applications: { apps__hashcode: 'UP_1_', application } });
const infoOf = (more: object) => list([{ name: 'ORDERS', instance: [instance(more)] }])?.instances[0]?.info;

it('[K26] reads a list, including one whose server omits the brackets around a single item', () => {
  const one = { name: 'ORDERS', instance: instance({ instanceId: 'a', status: 'down', actionType: 'DELETED' }) };
  const found = [expect.objectContaining({ name: '["ORDERS","a"]', status: 'DOWN', isDeleted: true })];
  for (const application of [one, [one], [{ ...one, instance: [one.instance] }]]) {
    expect(list(application)).toEqual({ hash: 'UP_1_', instances: found });
  }
  expect(list(undefined)).toEqual({ hash: 'UP_1_', instances: [] });
});

it('[K26] rejects text that is not a list', () => {
  for (const body of [null, {}, [], 'text', { applications: null }]) expect(readList(body)).toBeUndefined();
});

it('[K26] treats an invalid member as absent, and skips an instance without id or application', () => {
  const wrong = {
    countryId: 'far',
    dataCenterInfo: { name: 'Azure' },
    hostName: { a: 1 },
    metadata: { '@class': 'java.util.Map', a: 1, b: null, c: { d: 1 } },
    lastDirtyTimestamp: 'then',
    leaseInfo: { durationInSecs: 'long' },
  };
  const read = infoOf(wrong);
  expect(read).toMatchObject({ countryId: 1, dataCenter: { name: 'MyOwn' }, hostName: '', metadata: { a: '1' } });
  expect(read).not.toHaveProperty('lastDirtyTimestamp');
  expect(infoOf({ app: '' })).toBeUndefined();
  expect(infoOf({ instanceId: '', hostName: '' })).toBeUndefined();
});

it('[K26] reads a bare port, as some clients send it', () => {
  expect(infoOf({ port: 8081, securePort: undefined })).toMatchObject({
    port: { number: 8081, enabled: true },
    securePort: { number: 7002, enabled: false },
  });
});
