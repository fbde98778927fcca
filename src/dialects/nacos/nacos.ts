import type { Dialect } from '../../http/pipeline/dialect';
import { addCatalogRoutes } from './console/catalog-routes';
import { addLoginRoute } from './console/login';
import { addNamespaceRoutes } from './console/namespace-routes';
import { addV1EditRoutes, addV1InstanceRoutes } from './instances/v1-instance-routes';
import { addV2InstanceRoutes } from './instances/v2-instance-routes';
import { addV3ClientRoutes, addV3InstanceRoutes } from './instances/v3-instance-routes';
import { KeptLists } from './lists/kept-lists';
import { SharedChecks } from './lists/shared-checks';
import { addClientIntrospection } from './operator/client-routes';
import { addHealthRoutes } from './operator/health-routes';
import { addOperatorRoutes } from './operator/operator-routes';
import { addServerRoutes } from './operator/server-routes';
import { addV1ServiceRoutes } from './services/v1-service-routes';
import { addV2ServiceRoutes } from './services/v2-service-routes';
import { addV3ServiceRoutes } from './services/v3-service-routes';
import { refuse } from './wire/refusals';

/** API for clients of Nacos: naming over HTTP, versions 1 to 3. They treat only status 200 as success. */
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
