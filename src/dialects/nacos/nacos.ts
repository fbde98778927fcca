import type { Dialect } from '../../http/pipeline/dialect';
import { addCatalogRoutes } from './catalog-routes';
import { addNamespaceRoutes } from './console-namespace-routes';
import { KeptLists } from './kept-lists';
import { addLoginRoute } from './login-route';
import { addClientIntrospection } from './operator-client-routes';
import { addHealthRoutes } from './operator-health-routes';
import { addOperatorRoutes } from './operator-routes';
import { addServerRoutes } from './operator-server-routes';
import { refuse } from './refuse';
import { SharedChecks } from './shared-checks';
import { addV1EditRoutes } from './v1-edit-routes';
import { addV1InstanceRoutes } from './v1-instance-routes';
import { addV1ServiceRoutes } from './v1-service-routes';
import { addV2InstanceRoutes } from './v2-instance-routes';
import { addV2ServiceRoutes } from './v2-service-routes';
import { addV3ClientRoutes, addV3InstanceRoutes } from './v3-instance-routes';
import { addV3ServiceRoutes } from './v3-service-routes';

/** The door for clients of Nacos: naming over HTTP, versions 1 to 3. They know no success but 200. */
export const nacos: Dialect = {
  name: 'nacos',
  paths: ['/nacos'],
  carriers: ['bearer', 'path', 'access-token-header', 'access-token-parameter', 'password-parameter'],
  takesForms: true,
  refuse,
  addRoutes: (door) => {
    const checks = new SharedChecks();
    const lists = new KeptLists(checks);
    addV1InstanceRoutes(door, lists, checks);
    addV1EditRoutes(door);
    addV1ServiceRoutes(door, checks);
    addV2InstanceRoutes(door, lists, checks);
    addV2ServiceRoutes(door);
    addV3ClientRoutes(door, checks);
    addV3InstanceRoutes(door, checks);
    addV3ServiceRoutes(door, checks);
    addCatalogRoutes(door);
    addLoginRoute(door);
    addNamespaceRoutes(door);
    addOperatorRoutes(door);
    addClientIntrospection(door, checks);
    addHealthRoutes(door);
    addServerRoutes(door);
  },
};
