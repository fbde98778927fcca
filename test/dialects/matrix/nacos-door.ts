import type { Host } from '../../../src/codecs/nacos/host';
import type { Door, Written } from './door';
import type { MatrixStage } from './matrix-stage';

const INSTANCE = '/nacos/v1/ns/instance';

/** Creates the door of Nacos' clients of version 1. */
export function nacosDoor(stage: MatrixStage): Door {
  const query = ({ address, port, cluster, weight, metadata }: Written) =>
    new URLSearchParams({
      serviceName: 'DEFAULT_GROUP@@orders',
      ip: address,
      port: String(port),
      clusterName: cluster,
      weight: String(weight),
      metadata: JSON.stringify(metadata),
    });
  return {
    name: 'nacos',
    speaks: ['weight', 'cluster'],
    lifetime: { unhealthyMs: 15_000, goneMs: 30_000 },
    register: async (instance) => {
      await stage.send('POST', `${INSTANCE}?${query(instance)}`);
    },
    beat: async ({ address, port, cluster }) => {
      const named = { serviceName: 'DEFAULT_GROUP@@orders', ip: address, port: String(port), clusterName: cluster };
      const answer = await stage.send('PUT', `${INSTANCE}/beat?${new URLSearchParams(named)}`);
      if (JSON.parse(answer).code !== 10_200) throw new Error(`the beat was answered ${answer}`);
    },
    remove: async (instance) => {
      await stage.send('DELETE', `${INSTANCE}?${query(instance)}`);
    },
    read: async () => {
      // `as`: its response.
      const { hosts } = (await stage.json('GET', `${INSTANCE}/list?serviceName=DEFAULT_GROUP@@orders`)) as {
        hosts: Host[];
      };
      return hosts.map(({ ip, port, metadata, weight, clusterName, healthy, enabled }) => ({
        address: ip,
        port,
        metadata,
        weight,
        cluster: clusterName,
        traffic: healthy && enabled && weight > 0,
      }));
    },
    // Like the console: with all the members of the instance that it shows.
    operate: {
      takeOut: async (instance) => {
        await stage.send('PUT', `${INSTANCE}?${query(instance)}&enabled=false`);
      },
      putBack: async (instance) => {
        await stage.send('PUT', `${INSTANCE}?${query(instance)}&enabled=true`);
      },
    },
  };
}
