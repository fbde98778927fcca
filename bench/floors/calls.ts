import { remoteNamespace } from '../../src/host/cloudflare/remote-objects';
import type { InstanceDefinition } from '../../src/model/instance';

export { DirectoryObject, NamespaceObject } from '../../src/worker';

/** Number of concurrent calls. */
const AT_ONCE = 8;

const CALLER = { tokenId: 'root', operates: true };
const DEFINITION: InstanceDefinition = {
  cluster: 'DEFAULT',
  address: '10.0.0.7',
  port: 8080,
  ports: {},
  weight: 1,
  status: 'up',
  ephemeral: true,
  metadata: {},
  tags: [],
  lease: { ttlMs: 600_000, intervalMs: 200_000, removeAfterMs: 600_000 },
  extensions: {},
};

/** Worker *calls*: the registry's Worker, which makes a number of calls to its object for one HTTP request. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, name = '', count = '0', instances = '1'] = new URL(request.url).pathname.split('/');
    const object = env.NAMESPACES.get(env.NAMESPACES.idFromName('public'));
    const namespace = remoteNamespace(() => object);
    const key = (n: number) => {
      const place = n % Number(instances);
      return { group: 'DEFAULT_GROUP', service: `service-${place % 20}`, id: `instance-${place}` };
    };
    const calls: Record<string, (n: number) => Promise<unknown>> = {
      empty: () => object.size(),
      register: (n) => namespace.register(CALLER, { key: key(n), definition: DEFINITION, precondition: {} }),
      renew: (n) => namespace.renew(CALLER, key(n)),
      resolve: (n) => namespace.resolve({ group: 'DEFAULT_GROUP', service: key(n).service, tokenId: 'root' }),
    };
    const call = calls[name];
    if (call === undefined) return new Response(`there is no call "${name}"`, { status: 404 });
    for (let n = 0; n < Number(count); n += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => call(n + index)));
    }
    return new Response('done');
  },
};
