import { digestOf } from '../../auth/token-text';
import type { FilteredEndpoint } from '../../codecs/consul/filter/fields';
import type { ReadOptions } from '../../codecs/consul/parameters';
import { DATACENTER, indexOf } from '../../codecs/consul/records';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import {
  type AggregatedStatus,
  aggregatedStatus,
  type CheckRecord,
  HEALTH_STATUSES,
  showAgentService,
  showCheck,
} from '../../codecs/consul/shown';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { hasCode } from '../../model/errors';
import { jsonAnswer, textAnswer } from './answers';
import { blockingRead, waitOf } from './blocking';
import type { CatalogCopies, CatalogCopy, CatalogMember } from './catalog-copy';
import { type ConsulRequest, consulRoute } from './routes';
import { filterFor } from './selection';

/** A read of the agent of a node. */
interface AgentRead {
  node: string;
  /** Service id or name in the path. */
  name: string;
  options: ReadOptions;
}

const readAgent = ({ node, query, names: { service = '' } }: ConsulRequest): AgentRead => ({
  node,
  name: service,
  options: query.readOptions(),
});

/** Instances that clients registered at the agent of a node, as far as a token may read them. */
function membersOf(copy: CatalogCopy, call: RouteCall, node: string): CatalogMember[] {
  return copy.atAgent(node).filter(({ key }) => call.may('read', key));
}

/** Checks of an agent: those of its services, and of the node itself without the one that always passes. */
function checksOf(copy: CatalogCopy, call: RouteCall, node: string): CheckRecord[] {
  const [, ...ofNode] = copy.nodes.checksOf({ name: node, createIndex: 0, modifyIndex: 0 });
  return [...ofNode, ...membersOf(copy, call, node).flatMap(({ records }) => records.checks)];
}

const shownService = ({ records }: CatalogMember) => showAgentService(records.service, DATACENTER);

/** Adds the routes that show the services and checks of the agent of a node. They have no index. */
export function addAgentViewRoutes(door: DialectDoor, copies: CatalogCopies): void {
  /** Adds a map of records by id, which the filter of the query selects. */
  const map = <Shown>(
    endpoint: FilteredEndpoint,
    summary: string,
    list: (copy: CatalogCopy, call: RouteCall, node: string) => (readonly [id: string, shown: Shown])[],
  ) =>
    consulRoute(door, {
      operation: endpoint.replace('/', ' '),
      method: 'get',
      path: `/${endpoint}`,
      scope: 'any',
      summary,
      read: readAgent,
      call: async (_namespace, { node, options }, call) => {
        const filter = await filterFor(endpoint, options.filter);
        return list(await copies.of(call), call, node).filter(([, shown]) => filter(shown));
      },
      answer: (records, { options }) => jsonAnswer(Object.fromEntries(records), options),
    });

  map('agent/services', 'Lists the services of the agent', (copy, call, node) =>
    membersOf(copy, call, node).map((member) => [member.records.service.id, shownService(member)]),
  );
  map('agent/checks', 'Lists the checks of the agent', (copy, call, node) =>
    checksOf(copy, call, node).map((check) => [check.id, showCheck(check)]),
  );

  consulRoute(door, {
    operation: 'agent service',
    method: 'get',
    path: '/agent/service/:service{.+}',
    scope: 'any',
    summary: 'Reads a service of the agent, with a hash by which clients wait for a change',
    read: readAgent,
    waitMs: ({ options }) => (options.hash === '' ? 0 : waitOf({ ...options, index: 1n })),
    call: (_namespace, ask, call) => hashedRead(copies, ask, call),
    answer: ({ shown, hash }, { options }) => {
      const response = jsonAnswer({ ...shown, ContentHash: hash }, options);
      response.headers.set('X-Consul-ContentHash', hash);
      return response;
    },
  });

  consulRoute(door, {
    operation: 'agent health by id',
    method: 'get',
    path: '/agent/health/service/id/:service{.+}',
    scope: 'any',
    summary: 'Reads the health of a service by its id',
    read: readAgent,
    call: async (_namespace, { node, name }, call) => {
      const copy = await copies.of(call);
      const member = copy.withService(node, name).find(({ key }) => call.may('read', key));
      return member && healthOf(copy, member);
    },
    answer: (health, { name, options }, { request }) =>
      healthAnswer(health?.AggregatedStatus, health, `ServiceId ${name} not found`, { request, options }),
  });

  consulRoute(door, {
    operation: 'agent health by name',
    method: 'get',
    path: '/agent/health/service/name/:service{.+}',
    scope: 'any',
    summary: 'Reads the health of the services with a name',
    read: readAgent,
    call: async (_namespace, { node, name }, call) => {
      const copy = await copies.of(call);
      const isNamed = ({ records }: CatalogMember) => records.service.name.toLowerCase() === name.toLowerCase();
      return membersOf(copy, call, node)
        .filter(isNamed)
        .map((member) => healthOf(copy, member));
    },
    answer: (all, { name, options }, { request }) => {
      const worst = WORST_FIRST.find((status) => all.some(({ AggregatedStatus }) => AggregatedStatus === status));
      return healthAnswer(worst, all, `ServiceName ${name} Not Found`, { request, options });
    },
  });
}

const WORST_FIRST: readonly AggregatedStatus[] = ['maintenance', 'critical', 'warning', 'passing'];

/** Returns the health of an instance; the checks of its node count. */
function healthOf(copy: CatalogCopy, { records }: CatalogMember) {
  const [, ...ofNode] = copy.nodes.checksOf(records.node);
  const checks = [...ofNode, ...records.checks];
  return {
    AggregatedStatus: aggregatedStatus(checks),
    Service: showAgentService(records.service, DATACENTER),
    Checks: checks.map(showCheck),
  };
}

/** Returns a health with the status of HTTP that load balancers read, and as a word if they ask for text. */
function healthAnswer(
  status: AggregatedStatus | undefined,
  health: unknown,
  missing: string,
  { request, options }: { request: Request; options: ReadOptions },
): Response {
  const isText = new URL(request.url).searchParams.get('format') === 'text' || prefersText(request);
  if (status === undefined) throw consulError(404, missing);
  const code = HEALTH_STATUSES[status];
  return isText ? textAnswer(code, status) : jsonAnswer(health, { ...options, status: code });
}

const prefersText = ({ headers }: Request): boolean => /^text\/plain\b/.test(headers.get('accept') ?? '');

/** A service of an agent, and the hash of its content. */
interface HashedService {
  shown: ReturnType<typeof showAgentService>;
  hash: string;
}

/** Reads a service of an agent; with the hash that the client has, once it has another one, or the time is over. */
async function hashedRead(copies: CatalogCopies, ask: AgentRead, call: RouteCall): Promise<HashedService> {
  const { options } = ask;
  const read = async () => {
    const copy = await copies.of(call);
    const member = copy.withService(ask.node, ask.name).find(({ key }) => call.may('read', key));
    if (member === undefined) throw REFUSALS.unknownServiceRead(ask.name);
    const shown = shownService(member);
    return { key: member.key, shown, hash: await hashOf(JSON.stringify(shown)), index: indexOf(copy.revision) };
  };
  const endsAt = call.surroundings.now() + waitOf({ ...options, index: 1n });
  let service = await read();
  while (options.hash !== '' && service.hash === options.hash) {
    const waitMs = endsAt - call.surroundings.now();
    if (waitMs <= 0) break;
    const { key, index } = service;
    try {
      // A change of its registration, also one that the answer does not show.
      const reading = { about: { service: key }, ask: (more: object) => call.calls.readInstance({ key, ...more }) };
      const answer = await blockingRead(call, { index: BigInt(index), waitMs }, reading);
      if (answer.index === index) break;
    } catch (error) {
      if (!hasCode(error, 'INSTANCE_NOT_FOUND')) throw error;
    }
    service = await read();
  }
  return service;
}

/** Returns the hash of a text, in as many digits as Consul's. */
async function hashOf(text: string): Promise<string> {
  const digest = await digestOf(text);
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
