import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type EurekaInstance, EurekaStage } from '../../../test/fixtures/eureka-stage';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import { STATUSES } from '../../codecs/eureka/status';

const Text = fc
  .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'aZ0-._ é<&"\'') })
  .map((text) => `x${text}x`);
const Port = fc.record({ $: fc.integer({ min: 1, max: 65_535 }), '@enabled': fc.constantFrom('true', 'false') });

/** An instance that a client may write, as it reads back. */
const Written = fc.record(
  {
    instanceId: Text,
    hostName: Text,
    ipAddr: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('h1.example')),
    sid: Text,
    port: Port,
    securePort: Port,
    countryId: fc.nat(900),
    metadata: fc.dictionary(fc.constantFrom('a', 'b_c', 'd.e', 'f g', '$h', '1'), Text, { minKeys: 1 }),
    appGroupName: Text.map((text) => text.toUpperCase()),
    homePageUrl: Text,
    statusPageUrl: Text,
    healthCheckUrl: Text,
    secureHealthCheckUrl: Text,
    vipAddress: Text,
    secureVipAddress: Text,
    asgName: Text,
    lastDirtyTimestamp: fc.nat().map(String),
    status: fc.constantFrom(...STATUSES),
    leaseInfo: fc.record({
      renewalIntervalInSecs: fc.integer({ min: 1, max: 100 }),
      durationInSecs: fc.integer({ min: 1, max: 900 }),
    }),
    dataCenterInfo: fc.constantFrom<object>(
      SPRING_INSTANCE.dataCenterInfo,
      {
        '@class': 'com.netflix.appinfo.AmazonInfo',
        name: 'Amazon',
        metadata: { 'instance-id': 'i-1', 'ami-id': 'x_y' },
      },
      { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'Netflix' },
    ),
  },
  {
    requiredKeys: [
      'instanceId',
      'hostName',
      'ipAddr',
      'port',
      'securePort',
      'metadata',
      'lastDirtyTimestamp',
      'status',
      'leaseInfo',
      'dataCenterInfo',
    ],
  },
);

it('[F1, I11] everything a client writes reads back, field by field', async () => {
  const stage = new EurekaStage();
  await fc.assert(
    fc.asyncProperty(Written, async (written) => {
      const instance = { app: 'ORDERS', ...written };
      const path = `/eureka/apps/ORDERS/${encodeURIComponent(written.instanceId)}`;
      const { status } = await stage.send('POST', '/eureka/apps/ORDERS', {
        body: JSON.stringify({ instance }),
        headers: { 'content-type': 'application/json' },
      });
      expect(status).toBe(204);
      const { leaseInfo, ...read } = (await stage.instance(path)) as EurekaInstance & { leaseInfo: object };
      const { leaseInfo: lease, ...rest } = instance;
      expect(read).toMatchObject(rest);
      expect(leaseInfo).toMatchObject(lease);
      await stage.send('DELETE', path);
    }),
    { numRuns: 100 },
  );
});
