import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostsOf } from '../../../test/dialects/nacos/nacos-grpc-client';
import { NacosPort } from '../../../test/fixtures/nacos-port';

let port: NacosPort;
beforeEach(async () => {
  port = await NacosPort.open();
});
afterEach(async () => {
  await port.close();
  expect(port.errors).toEqual([]);
});

const A = { ip: '10.0.0.1', port: 80 };
const B = { ip: '10.0.0.2', port: 80 };

describe('instances of a connection', () => {
  it('[NG3] are registered, listed, pushed and removed', async () => {
    const [one, two] = [await port.connected(), await port.connected()];
    expect(hostsOf(await two.subscribe('orders'))).toEqual([]);
    expect((await one.register('orders', { ...A, metadata: { zone: 'a' } })).body).toMatchObject({
      resultCode: 200,
      type: 'registerInstance',
    });
    expect(await two.nextHosts()).toEqual(['10.0.0.1:80']);
    expect(hostsOf(await two.query('orders'))).toEqual(['10.0.0.1:80']);
    expect((await one.deregister('orders', A)).body.resultCode).toBe(200);
    expect(await two.nextHosts((hosts) => hosts.length === 0)).toEqual([]);
    expect(hostsOf(await two.query('orders'))).toEqual([]);
  });

  it('[NG4] are removed when the connection ends', async () => {
    const [one, two] = [await port.connected(), await port.connected()];
    await one.register('orders', A);
    await two.register('orders', B);
    expect(hostsOf(await two.subscribe('orders'))).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    one.close();
    expect(await two.nextHosts()).toEqual(['10.0.0.2:80']);
  });
});
