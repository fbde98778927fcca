import { DATACENTER } from '../../codecs/consul/records';
import { consulError } from '../../codecs/consul/refusals';
import {
  type CheckRecord,
  showCatalogService,
  showCheck,
  showNode,
  showService,
  tagsByService,
} from '../../codecs/consul/shown';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { jsonAnswer } from './answers';
import { type Cluster, type ListedEntry, type ListedNode, seesNode } from './cluster';
import type { ListKind, ListReads, ListView } from './list-reads';
import type { ConsulRequest } from './routes';
import { consulRoute } from './routes';
import { hasMeta } from './selection';
import { addMissingNameRoute } from './service-routes';

/** States of `health/state`. Nothing is in the state `unknown`, which some clients ask for. */
const STATES = ['any', 'passing', 'warning', 'critical', 'unknown'];

function assertState({ names: { name = '' } }: ConsulRequest): void {
  if (STATES.includes(name)) return;
  throw consulError(400, `Invalid check state: ${JSON.stringify(name)} is none of ${STATES.join(', ')}`);
}

const LISTS: readonly ListKind[] = [
  {
    path: '/catalog/services',
    endpoint: 'catalog/services',
    summary: 'Lists the names of all services with their tags',
    show: (cluster, view) => {
      const isListed = ({ node, service, key }: ListedEntry) =>
        view.mayRead(key) &&
        hasMeta(node, view.options.nodeMeta) &&
        (view.options.filter === '' || view.filter(showCatalogService(node, service)));
      return tagsByService(cluster.entries.filter(isListed).map(({ service }) => service));
    },
  },
  {
    path: '/catalog/nodes',
    endpoint: 'catalog/nodes',
    summary: 'Lists all nodes',
    show: (cluster, view) =>
      cluster.nodes
        .filter((listed) => seesNode(listed, view.mayRead) && hasMeta(listed.node, view.options.nodeMeta))
        .map(({ node }) => showNode(node))
        .filter(view.filter),
  },
  {
    path: '/catalog/node/:name',
    endpoint: 'catalog/node',
    summary: 'Reads a node with what runs on it',
    show: (cluster, view) => {
      const listed = nodeIn(cluster, view);
      if (listed === undefined) return null;
      const services = servicesOn(listed, view);
      return { Node: showNode(listed.node), Services: Object.fromEntries(services.map((each) => [each.ID, each])) };
    },
  },
  {
    path: '/catalog/node-services/:name',
    endpoint: 'catalog/node-services',
    summary: 'Reads a node with what runs on it, as a list',
    show: (cluster, view) => {
      const listed = nodeIn(cluster, view);
      if (listed === undefined) return { Node: null, Services: [] };
      return { Node: showNode(listed.node), Services: servicesOn(listed, view) };
    },
  },
  {
    path: '/health/node/:name',
    endpoint: 'health/node',
    summary: 'Lists the checks of a node and of what runs on it',
    show: (cluster, view) => {
      const listed = nodeIn(cluster, view);
      return listed === undefined ? [] : checksOn(cluster, listed, view).map(showCheck).filter(view.filter);
    },
  },
  {
    path: '/health/state/:name',
    endpoint: 'health/state',
    summary: 'Lists the checks in a state',
    validate: assertState,
    show: (cluster, view) => {
      const { name, options, mayRead, filter } = view;
      return cluster.nodes
        .filter((listed) => seesNode(listed, mayRead) && hasMeta(listed.node, options.nodeMeta))
        .flatMap((listed) => checksOn(cluster, listed, view))
        .filter(({ status }) => name === 'any' || status === name)
        .map(showCheck)
        .filter(filter);
    },
  },
];

/** Paths of lists that are always empty: there is no mesh. */
const EMPTY_LISTS = ['/catalog/connect', '/catalog/gateway-services', '/health/connect', '/health/ingress'];

/** Adds the reads over all services and nodes. */
export function addListRoutes(door: DialectDoor, reads: ListReads): void {
  for (const kind of LISTS) reads.add(door, kind);
  addMissingNameRoute(door, '/catalog/node', 'node name');
  addMissingNameRoute(door, '/catalog/node-services', 'node name');
  addMissingNameRoute(door, '/health/node', 'node name');
  addMissingNameRoute(door, '/health/state', 'check state');
  for (const path of EMPTY_LISTS) {
    reads.add(door, {
      path: `${path}/:name`,
      endpoint: 'catalog/service',
      summary: 'Lists nothing: there is no service mesh',
      show: () => [],
    });
    addMissingNameRoute(door, path, 'service name');
  }
  consulRoute(door, {
    operation: 'catalog/datacenters',
    method: 'get',
    path: '/catalog/datacenters',
    scope: 'any',
    summary: 'Lists the only datacenter',
    read: ({ query }) => query.readOptions(),
    call: async () => [DATACENTER],
    // Without an index: it never changes, and a client that waits for it would wait forever.
    answer: (names, { pretty }) => jsonAnswer(names, { pretty }),
  });
}

function nodeIn(cluster: Cluster, { name, mayRead }: ListView): ListedNode | undefined {
  const listed = cluster.node(name);
  return listed !== undefined && seesNode(listed, mayRead) ? listed : undefined;
}

function servicesOn({ entries }: ListedNode, { mayRead, filter }: ListView) {
  const visible = entries.filter(({ key }) => mayRead(key));
  return visible.map(({ service }) => showService(service)).filter(filter);
}

/** Returns the checks of a node, and those of its instances that a token may read. */
function checksOn(cluster: Cluster, { node, entries }: ListedNode, { mayRead }: ListView): CheckRecord[] {
  const visible = entries.filter(({ key }) => mayRead(key));
  return [...cluster.checksOf(node), ...visible.flatMap(({ checks }) => checks)];
}
