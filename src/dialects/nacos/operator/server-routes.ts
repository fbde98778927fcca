import type { DialectDoor } from '../../../http/pipeline/dialect';
import { answer, restResult, result, textAnswer } from '../wire/answers';
import { clusterNode, nodeAddress, serverState, UP } from './node';
import { SWITCHES } from './switches';

/** A route with information about the server, the same for all callers. */
interface ServerRoute {
  operation: string;
  paths: string[];
  summary: string;
  respond(url: string): Response;
}

/** Kinds of health checks in Nacos. None of them runs here. */
const CHECKERS = {
  TCP: { type: 'TCP' },
  HTTP: { type: 'HTTP', path: '', headers: '', expectedResponseCode: 200 },
  MYSQL: { type: 'MYSQL', user: '', pwd: '', cmd: '' },
  NONE: { type: 'NONE' },
};

const CORE = '/nacos/v1/core/cluster';

const SERVER_ROUTES: ServerRoute[] = [
  {
    operation: 'server list',
    paths: ['/nacos/serverlist'],
    summary: 'Returns the address of the request, for clients that discover servers',
    respond: (url) => textAnswer(nodeAddress(url).address),
  },
  {
    operation: 'v1 server state',
    paths: ['/nacos/v1/console/server/state'],
    summary: 'Reads version and features of the server',
    respond: (url) => answer(serverState(url)),
  },
  {
    operation: 'v3 server state',
    paths: ['/nacos/v3/admin/core/state'],
    summary: 'Reads version and features of the server',
    respond: (url) => result(serverState(url)),
  },
  {
    operation: 'v1 announcement',
    paths: ['/nacos/v1/console/server/announcement', '/nacos/v1/console/server/guide'],
    summary: 'Returns no announcement',
    respond: () => restResult(null),
  },
  {
    operation: 'v1 health',
    paths: ['/nacos/v1/console/health/liveness', '/nacos/v1/console/health/readiness'],
    summary: 'Reports that the server runs',
    respond: () => textAnswer('OK'),
  },
  {
    operation: 'v2 health',
    paths: [
      ...['/nacos/v2/console/health/liveness', '/nacos/v2/console/health/readiness'],
      ...['/nacos/v3/admin/core/state/liveness', '/nacos/v3/admin/core/state/readiness'],
    ],
    summary: 'Reports that the server runs',
    respond: () => result('ok'),
  },
  {
    operation: 'v1 server health',
    paths: ['/nacos/v1/ns/health/server'],
    summary: 'Reports that the server is healthy',
    respond: (url) => answer({ msg: `Hello! I am Nacos-Naming and healthy! local port:${nodeAddress(url).port}` }),
  },
  {
    operation: 'v1 health checkers',
    paths: ['/nacos/v1/ns/health/checkers'],
    summary: 'Lists the kinds of health checks in Nacos',
    respond: () => answer(CHECKERS),
  },
  {
    operation: 'v3 health checkers',
    paths: ['/nacos/v3/admin/ns/health/checkers'],
    summary: 'Lists the kinds of health checks in Nacos',
    respond: () => result(CHECKERS),
  },
  {
    operation: 'v1 nodes',
    paths: [`${CORE}/nodes`],
    summary: 'Lists the only node',
    respond: (url) => restResult([clusterNode(url)]),
  },
  {
    operation: 'v1 simple nodes',
    paths: [`${CORE}/simple/nodes`],
    summary: 'Lists the address of the only node',
    respond: (url) => restResult([nodeAddress(url).address]),
  },
  {
    operation: 'v1 node',
    paths: [`${CORE}/self`],
    summary: 'Reads the only node',
    respond: (url) => restResult(clusterNode(url)),
  },
  {
    operation: 'v1 node health',
    paths: [`${CORE}/health`],
    summary: 'Reports that the node runs',
    respond: () => restResult(UP.status),
  },
  {
    operation: 'v1 servers',
    paths: ['/nacos/v1/ns/operator/servers', '/nacos/v1/ns/ops/servers'],
    summary: 'Lists the only node, in the format of Nacos 1',
    respond: (url) => answer({ servers: [clusterNode(url)] }),
  },
  {
    operation: 'v2 nodes',
    paths: ['/nacos/v2/core/cluster/node/list', '/nacos/v3/admin/core/cluster/node/list'],
    summary: 'Lists the only node',
    respond: (url) => result([clusterNode(url)]),
  },
  {
    operation: 'v2 node',
    paths: ['/nacos/v2/core/cluster/node/self', '/nacos/v3/admin/core/cluster/node/self'],
    summary: 'Reads the only node',
    respond: (url) => result(clusterNode(url)),
  },
  {
    operation: 'v2 node health',
    paths: ['/nacos/v2/core/cluster/node/self/health', '/nacos/v3/admin/core/cluster/node/self/health'],
    summary: 'Reports that the node runs',
    respond: () => result(UP.status),
  },
  {
    operation: 'v1 switches',
    paths: ['/nacos/v1/ns/operator/switches', '/nacos/v1/ns/ops/switches'],
    summary: 'Reads the settings of the server',
    respond: () => answer(SWITCHES),
  },
  {
    operation: 'v2 switches',
    paths: [...['/nacos/v2/ns/operator/switches', '/nacos/v2/ns/ops/switches'], '/nacos/v3/admin/ns/ops/switches'],
    summary: 'Reads the settings of the server',
    respond: () => result(SWITCHES),
  },
  {
    operation: 'v1 push state',
    paths: ['/nacos/v1/ns/operator/push/state', '/nacos/v1/ns/ops/push/state'],
    summary: 'Reports that nothing was pushed',
    respond: () => answer({ succeed: 0, total: 0, ratio: 0, reset: false }),
  },
  {
    operation: 'v1 responsible server',
    paths: ['/nacos/v1/ns/operator/distro/client', '/nacos/v1/ns/ops/distro/client'],
    summary: 'Reports the node that a client belongs to: the only one',
    respond: (url) => answer({ responsibleServer: nodeAddress(url).address }),
  },
  {
    operation: 'v3 responsible server',
    paths: ['/nacos/v3/admin/ns/client/distro'],
    summary: 'Reports the node that a client belongs to: the only one',
    respond: (url) => result({ responsibleServer: nodeAddress(url).address }),
  },
];

/** Adds the routes with which consoles and scripts query the server itself. */
export function addServerRoutes(door: DialectDoor): void {
  for (const { operation, paths, summary, respond } of SERVER_ROUTES) {
    door.directoryRoute({
      operation,
      method: 'get',
      paths,
      summary,
      read: ({ url }) => url,
      call: async (_directory, _caller, url) => respond(url),
      answer: (response) => response,
    });
  }
}
