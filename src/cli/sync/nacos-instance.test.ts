import { describe, expect, it } from 'vitest';
import { fromNacos } from './nacos-instance';

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
  it('[K26] takes over what Nacos says of an instance', () => {
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

  it('[K26] has what is unhealthy there down here', () => {
    expect(fromNacos(SERVICE, { ...HOST, healthy: false })?.body.status).toBe('down');
  });

  it('[K26] reads what older servers leave out, or write as text', () => {
    expect(fromNacos(SERVICE, { ip: 'host.test', port: '8080', metadata: null })?.body).toEqual({
      address: 'host.test',
      port: 8080,
      cluster: 'DEFAULT',
      weight: 1,
      status: 'up',
      metadata: {},
    });
  });

  it.each([{}, null, 'host', { ip: '10.0.0.1' }, { ip: '', port: 1 }, { ip: '10.0.0.1', port: 0 }])(
    '[K26] leaves out %j, which nobody could call',
    (host) => expect(fromNacos(SERVICE, host)).toBeUndefined(),
  );
});
