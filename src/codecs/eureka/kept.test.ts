import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { EurekaStage } from '../../../test/fixtures/eureka-stage';
import { DATA_CENTERS, KEPT_TEXTS } from './info';
import { readKept } from './kept';
import { STATUSES } from './status';

const whole = {
  status: 'UNKNOWN',
  port: { number: 0, enabled: false },
  countryId: 7,
  dataCenter: { name: 'Amazon', metadata: { 'instance-id': 'i-1' } },
  lastDirtyTimestamp: 1_700_000_000_000,
  vipAddress: 'orders',
};

/** The schema of the data that {@link readKept} reads by hand. */
const Port = z.object({ number: z.int32(), enabled: z.boolean() });
const Kept = z.object({
  ipAddr: z.string().optional(),
  sid: z.string().optional(),
  status: z.enum(STATUSES).optional(),
  port: Port.optional(),
  securePort: Port.optional(),
  countryId: z.int32().optional(),
  dataCenter: z
    .object({ name: z.enum(DATA_CENTERS), metadata: z.record(z.string().min(1), z.string()).optional() })
    .optional(),
  renewalIntervalInSecs: z.int32().optional(),
  lastDirtyTimestamp: z.int().optional(),
  ...Object.fromEntries(KEPT_TEXTS.map((name) => [name, z.string().optional()])),
});

const Value = fc.oneof(
  fc.constantFrom<unknown>(null, '', 'UP', 'up', true, -1, 0, 1.5, 2 ** 31 - 1, 2 ** 31, 2 ** 53, [], {}),
  fc.record(
    { number: fc.constantFrom<unknown>(80, '80', 2 ** 31, null), enabled: fc.constantFrom<unknown>(true, 'true') },
    { requiredKeys: [] },
  ),
  fc.record(
    {
      name: fc.constantFrom<unknown>(...DATA_CENTERS, 'Azure', null),
      metadata: fc.constantFrom<unknown>({}, { a: 'b' }, { '': 'b' }, { a: 1 }, null, []),
    },
    { requiredKeys: [] },
  ),
);

it('[F1] stored data is what its schema accepts, whatever another door wrote', () => {
  const members = fc.constantFrom(...Object.keys(Kept.shape), 'other');
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(members, Value, { maxKeys: 3 }), Value), (value) => {
      const { data } = Kept.safeParse(value);
      expect(readKept(value)).toEqual(data);
    }),
    { numRuns: 2_000 },
  );
});

it('[F1] stored data reads back as written', () => {
  expect(readKept(whole)).toEqual(whole);
  expect(readKept({ ...whole, more: 'x' })).toEqual(whole);
});

it('[F1] data that the door could not have written is ignored', async () => {
  for (const eureka of [undefined, 'text', { status: 'Sideways' }, { dataCenter: { name: 'Azure' } }]) {
    expect(readKept(eureka), JSON.stringify(eureka)).toBeUndefined();
    const stage = new EurekaStage();
    await stage.registerNative('u', { extensions: { eureka: eureka ?? null } });
    expect((await stage.list()).application).toMatchObject([
      { instance: [{ status: 'UP', countryId: 1, dataCenterInfo: { name: 'MyOwn' } }] },
    ]);
  }
});
