import { describe, expect, it } from 'vitest';
import { fromNacos } from './nacos-source';

const SERVICE = { group: 'g', service: 'orders' };

/** As a Nacos 2.5.1 lists it. */
const HOST = {
  instanceId: '10.0.0.1#8080#EAST#g@@orders',
  ip: '10.0.0.1',
  port: 8080,
  weight: 2.5,
  healthy: true,
  enabled: true,
  ephemeral: true,
  clusterName: 'EAST',
  serviceName: 'g@@orders',
  metadata: { 'preserved.register.source': 'SPRING_CLOUD', zone: 'a' },
  instanceHeartBeatInterval: 5000,
};

describe('fromNacos', () => {
  it('[K26] converts an instance of Nacos', () => {
    expect(fromNacos(SERVICE, HOST)).toEqual({
      group: 'g',
      service: 'orders',
      id: '10.0.0.1:8080',
      body: {
        address: '10.0.0.1',
        port: 8080,
        cluster: 'EAST',
        weight: 2.5,
        status: 'up',
        metadata: { 'preserved.register.source': 'SPRING_CLOUD', zone: 'a' },
      },
    });
  });

  it('[K26] converts an unhealthy instance to status down', () => {
    expect(fromNacos(SERVICE, { ...HOST, healthy: false })?.body.status).toBe('down');
  });

  it('[K26] parses responses of older servers, with missing members and numbers as text', () => {
    expect(fromNacos(SERVICE, { ip: 'host.test', port: '8080', metadata: null })?.body).toEqual({
      address: 'host.test',
      port: 8080,
      cluster: 'DEFAULT',
      weight: 1,
      status: 'up',
      metadata: {},
    });
  });

  it('[K26] skips instances without a usable address', () => {
    for (const host of [{}, null, 'host', { ip: '10.0.0.1' }, { ip: '', port: 1 }, { ip: '10.0.0.1', port: 0 }]) {
      expect(fromNacos(SERVICE, host), JSON.stringify(host)).toBeUndefined();
    }
  });
});
