import type { ShownHealth } from '../../../src/codecs/consul/shown';
import type { Door, Seen, Written } from './door';
import type { MatrixStage } from './matrix-stage';

/** Creates the door of Consul's clients, which report a TTL check. */
export function consulDoor(stage: MatrixStage): Door {
  return {
    name: 'consul',
    speaks: ['securePort'],
    lifetime: { unhealthyMs: 30_000, goneMs: 90_000 },
    register: async ({ id, address, port, metadata, securePort }) => {
      const secure = securePort === undefined ? {} : { secure: { Address: address, Port: securePort } };
      await stage.json('PUT', '/v1/agent/service/register', {
        ID: id,
        Name: 'orders',
        Address: address,
        Port: port,
        Meta: metadata,
        TaggedAddresses: secure,
        Check: { TTL: '30s', Status: 'passing', DeregisterCriticalServiceAfter: '1m' },
      });
    },
    beat: async ({ id }) => {
      await stage.send('PUT', `/v1/agent/check/pass/service:${encodeURIComponent(id)}`);
    },
    remove: async ({ id }) => {
      await stage.send('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
    },
    read: async () => {
      // `as`: its response.
      const entries = (await stage.json('GET', '/v1/health/service/orders')) as ShownHealth[];
      return entries.map(seen);
    },
  };
}

/** Returns an instance as clients read it that ask for `passing`. */
function seen({ Node, Service, Checks }: ShownHealth): Seen {
  // `as`: a type with any names does not tell which of them there are.
  const addresses = (Service as { TaggedAddresses?: Record<string, { Port: number }> }).TaggedAddresses;
  return {
    address: Service.Address || Node.Address,
    port: Service.Port,
    metadata: Service.Meta,
    securePort: addresses?.secure?.Port,
    traffic: Checks.every(({ Status }) => Status === 'passing'),
  };
}

/** Returns metadata with the characters that Consul allows in keys. */
export const consulMetadata = (metadata: Written['metadata']): Written['metadata'] =>
  Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.replaceAll(/[^\w.-]/g, '_'), value]));
