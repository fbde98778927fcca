import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import { serviceOf } from '../../dialects/eureka/app-names';
import { coreStatus } from '../../dialects/eureka/status';
import { definitionOf } from '../../dialects/eureka/translate';
import { readInfo } from '../../dialects/eureka/wire';
import { fromEureka } from './eureka-instance';

/** As a Eureka lists an instance that Spring registered. */
const INFO = {
  ...SPRING_INSTANCE,
  metadata: { '@class': 'java.util.Map', ...SPRING_INSTANCE.metadata },
  actionType: 'ADDED',
};

/** What this registry's own door would make of a registration with the same content. */
function atTheDoor(info: typeof INFO) {
  const app = info.app.toUpperCase();
  const written = readInfo({ instance: info }, app, false);
  const { group, service } = serviceOf(app);
  const { node, address, port, ports, status, metadata, extensions } = definitionOf(written, written.status);
  expect(status).toBe(coreStatus(written.status));
  return { group, service, id: written.instanceId, body: { node, address, port, ports, status, metadata, extensions } };
}

describe('fromEureka', () => {
  it('[K26] takes over what Eureka says of an instance', () => {
    expect(fromEureka(INFO)).toEqual({
      group: 'DEFAULT_GROUP',
      service: 'orders',
      id: 'h1:orders:8080',
      body: {
        node: 'h1.example',
        address: '10.0.0.1',
        port: 8080,
        ports: {},
        status: 'up',
        metadata: { 'management.port': '8080' },
        extensions: {
          eureka: {
            homePageUrl: 'http://h1.example:8080/',
            statusPageUrl: 'http://h1.example:8080/actuator/info',
            healthCheckUrl: 'http://h1.example:8080/actuator/health',
            vipAddress: 'orders',
            secureVipAddress: 'orders',
            status: 'UP',
            lastDirtyTimestamp: 1699999999000,
          },
        },
      },
    });
  });

  it('[K26] comes to what the door for Eureka’s clients makes of the same', () => {
    const port = fc.record({ $: fc.constantFrom(0, 80, 443, 8080), '@enabled': fc.constantFrom('true', 'false') });
    const info = fc.record({
      instanceId: fc.constantFrom('i', 'h:o:1', ''),
      hostName: fc.constantFrom('h1.example', '10.0.0.9'),
      app: fc.constantFrom('ORDERS', 'TEAM@@ORDERS', 'DEFAULT_GROUP@@X'),
      ipAddr: fc.constantFrom('10.0.0.1', '2001:db8::1', 'not an address', 'h1.example'),
      sid: fc.constantFrom('na', 'unknown', 'x'),
      status: fc.constantFrom('UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN', 'up', 'odd'),
      port,
      securePort: port,
      countryId: fc.constantFrom(1, 2),
      dataCenterInfo: fc.constantFrom(
        { name: 'MyOwn' },
        { name: 'Netflix' },
        { name: 'Amazon', metadata: { 'instance-id': 'i-1', 'ami-id': 'a' } },
        { name: 'Amazon' },
      ),
      metadata: fc.dictionary(fc.constantFrom('a', 'b.c', 'd_e'), fc.constantFrom('1', '', 'x & y')),
      vipAddress: fc.constantFrom('orders', 'orders,Orders', ''),
      appGroupName: fc.constantFrom('', 'TEAM'),
      healthCheckUrl: fc.constantFrom('', 'http://h1.example/health'),
      lastDirtyTimestamp: fc.constantFrom('1699999999000', '1'),
    });
    let compared = 0;
    fc.assert(
      fc.property(info, (random) => {
        const mixed = { ...INFO, ...random } as unknown as typeof INFO; // `as`: as odd as strangers are
        const both = [mixed.port, mixed.securePort];
        const enabled = both.filter((each) => each['@enabled'] === 'true');
        const isCallable = (enabled.length > 0 ? enabled : both).some(({ $ }) => $ > 0);
        compared += isCallable ? 1 : 0;
        expect(fromEureka(mixed)).toEqual(isCallable ? atTheDoor(mixed) : undefined);
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(150);
  });

  it.each([
    null,
    {},
    { ...INFO, app: '' },
    { ...INFO, ipAddr: 'a b', hostName: 'c d' },
    { ...INFO, instanceId: '', hostName: '' },
  ])('[K26] leaves out what is none', (info) => expect(fromEureka(info)).toBeUndefined());

  it('[K26] reads a bare port, as some clients write it', () => {
    expect(fromEureka({ ...INFO, port: 8081, securePort: undefined })?.body).toMatchObject({ port: 8081, ports: {} });
  });
});
