import type { Door, Seen, Written } from './door';
import type { MatrixStage } from './matrix-stage';

/** Members of Eureka's JSON that are checked. */
interface EurekaInstance {
  ipAddr: string;
  status: string;
  port: { $: number; '@enabled': string };
  securePort: { $: number; '@enabled': string };
  metadata: Record<string, string>;
}

/** Creates the door of Eureka's clients. */
export function eurekaDoor(stage: MatrixStage): Door {
  const path = ({ id }: Written) => `/eureka/apps/ORDERS/${encodeURIComponent(id)}`;
  return {
    name: 'eureka',
    speaks: ['securePort'],
    // An instance that has renewed is removed after twice its 90 s; one that never has, after once.
    lifetime: { unhealthyMs: 90_000, goneMs: 180_000, showsUntilGone: true },
    register: async ({ id, address, port, metadata, securePort }) => {
      const instance = {
        instanceId: id,
        hostName: address,
        app: 'ORDERS',
        ipAddr: address,
        vipAddress: 'orders',
        status: 'UP',
        port: { $: port, '@enabled': 'true' },
        securePort: { $: securePort ?? 443, '@enabled': String(securePort !== undefined) },
        dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
        metadata,
      };
      await stage.json('POST', '/eureka/apps/ORDERS', { instance });
    },
    beat: async (instance) => {
      await stage.send('PUT', path(instance));
    },
    remove: async (instance) => {
      await stage.send('DELETE', path(instance));
    },
    read: async () => {
      // `as`: its response.
      const list = (await stage.json('GET', '/eureka/apps')) as {
        applications: { application: { name: string; instance: EurekaInstance[] }[] };
      };
      return list.applications.application
        .filter(({ name }) => name === 'ORDERS')
        .flatMap(({ instance }) => instance.map(seen));
    },
    operate: {
      takeOut: async (instance) => {
        await stage.send('PUT', `${path(instance)}/status?value=OUT_OF_SERVICE`);
      },
      putBack: async (instance) => {
        await stage.send('DELETE', `${path(instance)}/status?value=UP`);
      },
    },
  };
}

function seen({ ipAddr, port, securePort, status, metadata }: EurekaInstance): Seen {
  const { '@class': _marker, ...entries } = metadata;
  return {
    address: ipAddr,
    port: port.$,
    metadata: entries,
    securePort: securePort['@enabled'] === 'true' ? securePort.$ : undefined,
    traffic: status === 'UP',
  };
}
