import type { Instance } from '../../../src/client/wire/instance';
import type { Door, Seen, Written } from './door';
import type { MatrixStage } from './matrix-stage';

const SERVICE = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders';

/** Creates the door of the registry's own API. */
export function nativeDoor(stage: MatrixStage): Door {
  const path = ({ id }: Written) => `${SERVICE}/instances/${encodeURIComponent(id)}`;
  return {
    name: 'native',
    speaks: ['weight', 'cluster', 'version', 'securePort'],
    lifetime: { unhealthyMs: 30_000, goneMs: 30_000 },
    register: async (instance) => {
      const { id: _id, securePort, version, ...body } = instance;
      await stage.json('PUT', path(instance), {
        ...body,
        ...(version === '' ? {} : { version }),
        ...(securePort === undefined ? {} : { ports: { https: { port: securePort, secure: true } } }),
      });
    },
    beat: async (instance) => {
      await stage.send('POST', `${path(instance)}/heartbeat`);
    },
    remove: async (instance) => {
      await stage.send('DELETE', path(instance));
    },
    read: async () => {
      // `as`: the API's response.
      const { instances } = (await stage.json('GET', `${SERVICE}/instances`)) as { instances: Instance[] };
      return instances.map(seen);
    },
    operate: {
      takeOut: async (instance) => {
        await stage.json('PUT', `${path(instance)}/override`, { enabled: false });
      },
      putBack: async (instance) => {
        await stage.send('DELETE', `${path(instance)}/override`);
      },
    },
  };
}

function seen({ address = '', port = 0, metadata, weight, cluster, version = '', ports, available }: Instance): Seen {
  const securePort = Object.values(ports).find(({ secure }) => secure)?.port;
  return { address, port, metadata, weight, cluster, version, securePort, traffic: available };
}
