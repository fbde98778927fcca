import { DATACENTER } from '../../codecs/consul/records';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { emptyAnswer, jsonAnswer } from './answers';
import type { CatalogCopies } from './catalog-copy';
import { type ConsulRequest, consulRoute, refusedRoute } from './routes';

/** Version of Consul whose API this is. Some clients choose their requests by it. */
const VERSION = '1.21.0';

const BUILD_DATE = '2025-05-01T00:00:00Z';

/** Indexes of a node that is shown without them. */
const NO_INDEXES = { createIndex: 0, modifyIndex: 0 };

/** Port of Consul's gossip, which nothing listens on. */
const GOSSIP_PORT = 8_301;

/** A node as its agent describes it. */
interface Self {
  name: string;
  id: string;
  address: string;
  now: number;
}

/** Returns a node as a member of a cluster that has only this one. */
const member = ({ name, id, address }: Self) => ({
  Name: name,
  Addr: address,
  Port: GOSSIP_PORT,
  Tags: { build: VERSION, dc: DATACENTER, id, role: 'consul' },
  Status: 1,
  ProtocolMin: 1,
  ProtocolMax: 5,
  ProtocolCur: 2,
  DelegateMin: 2,
  DelegateMax: 5,
  DelegateCur: 4,
});

/** Answers of reads that describe the agent. Go's client decodes each member of the first as an object. */
const READS: readonly [path: string, summary: string, show: (self: Self) => unknown][] = [
  [
    'self',
    'Reads the configuration of the agent, as far as clients use it',
    (self) => ({
      Config: {
        Datacenter: DATACENTER,
        PrimaryDatacenter: DATACENTER,
        NodeName: self.name,
        NodeID: self.id,
        Revision: '',
        Server: true,
        Version: VERSION,
        BuildDate: BUILD_DATE,
      },
      DebugConfig: {},
      Coord: { Adjustment: 0, Error: 1.5, Height: 0.00001, Vec: [0, 0, 0, 0, 0, 0, 0, 0] },
      Member: member(self),
      Stats: { agent: {}, build: { version: VERSION } },
      Meta: {},
      xDS: {},
    }),
  ],
  ['members', 'Lists the only member of the cluster: the node itself', (self) => [member(self)]],
  [
    'version',
    'Reads the version of Consul whose API this is',
    () => ({ SHA: '', BuildDate: BUILD_DATE, HumanVersion: VERSION, FIPS: '' }),
  ],
  [
    'host',
    'Reads the name of the host, without figures of the machine',
    ({ name, now }) => ({
      Memory: {},
      CPU: [],
      Host: { hostname: name },
      Disk: {},
      CollectionTime: now * 1_000_000,
      Errors: null,
    }),
  ],
  [
    'metrics',
    'Lists no metrics: they are at /metrics',
    ({ now }) => ({
      Timestamp: `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`,
      Gauges: [],
      Points: [],
      Counters: [],
      Samples: [],
    }),
  ],
];

/** Changes of a cluster, which have no effect: there is only one agent. */
const WITHOUT_EFFECT: readonly [path: string, summary: string][] = [
  ['join/:address', 'Joins no cluster: there is only one agent'],
  ['leave', 'Leaves no cluster'],
  ['force-leave/:node', 'Removes no member: there is only one'],
  ['reload', 'Reloads no configuration'],
];

/** Adds the routes that describe the agent itself, and those of a cluster that it does not have. */
export function addAgentSelfRoutes(door: DialectDoor, copies: CatalogCopies): void {
  for (const [path, summary, show] of READS) {
    consulRoute(door, {
      operation: `agent ${path}`,
      method: 'get',
      path: `/agent/${path}`,
      scope: 'any',
      summary,
      read: ({ node, query }: ConsulRequest) => ({ node, pretty: query.has('pretty') }),
      call: async (_namespace, { node }, call): Promise<Self> => {
        const { name, id, address } = (await copies.of(call)).nodes.node(node, undefined, NO_INDEXES);
        return { name, id, address, now: call.surroundings.now() };
      },
      answer: (self, options) => jsonAnswer(show(self), options),
    });
  }

  for (const [path, summary] of WITHOUT_EFFECT) {
    consulRoute(door, {
      operation: `agent ${path.split('/')[0]}`,
      method: 'put',
      path: `/agent/${path}`,
      scope: 'any',
      summary,
      read: () => undefined,
      call: () => Promise.resolve(),
      answer: () => emptyAnswer(),
    });
  }

  const refuse = (method: 'get' | 'put', path: string, operation: string, error: () => Error) =>
    refusedRoute(door, { method, path: `/agent/${path}`, operation: `agent ${operation}` }, error);
  refuse('get', 'monitor', 'monitor', () => consulError(501, 'logs are not streamed here; read those of the registry'));
  refuse('get', 'metrics/stream', 'metrics stream', () =>
    consulError(501, 'metrics are not streamed here; read /metrics of the registry'),
  );
  refuse('put', 'token/:type', 'token', REFUSALS.aclDisabled);
}
