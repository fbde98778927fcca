import type { Service } from '../../../src/codecs/go-micro/service';
import type { Door, Seen, Written } from './door';
import type { MatrixStage } from './matrix-stage';

/** Creates the door of go-micro's plugin `proxy`. */
export function goMicroDoor(stage: MatrixStage): Door {
  const service = ({ id, address, port, metadata, version }: Written) => ({
    name: 'orders',
    version,
    nodes: [{ id, address: `${address.includes(':') ? `[${address}]` : address}:${port}`, metadata }],
  });
  const register = async (instance: Written) => {
    await stage.json('POST', '/registry', service(instance));
  };
  return {
    name: 'go-micro',
    speaks: ['version'],
    lifetime: { unhealthyMs: 90_000, goneMs: 90_000 },
    register,
    // It has no other heartbeat.
    beat: register,
    remove: async (instance) => {
      await stage.json('DELETE', '/registry', service(instance));
    },
    read: async () => {
      // `as`: its response.
      const services = (await stage.json('GET', '/registry?service=orders')) as Service[];
      return services.flatMap(({ version, nodes }) =>
        nodes.map(({ address, metadata }): Seen => {
          const cut = address.lastIndexOf(':');
          const host = address.slice(0, cut).replace(/^\[(.*)\]$/, '$1');
          // A client that reads nothing else sends traffic to all of them.
          return { address: host, port: Number(address.slice(cut + 1)), metadata, version, traffic: true };
        }),
      );
    },
  };
}
