import type { Host } from '../../../codecs/nacos/host';
import type { NacosInstance } from '../../../codecs/nacos/instance';
import { clustersIn } from '../../../codecs/nacos/names';
import { nacosErrorOf } from '../../../codecs/nacos/refusals';
import { hostTexts, surveyList } from '../../../codecs/nacos/service-info';
import { firstInstances, instancePages } from '../../../http/dialect-calls/whole-lists';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { InstanceKey } from '../../../model/batch';
import { DEFAULT_CLUSTER } from '../../../model/service-name';
import type { SharedChecks } from '../lists/shared-checks';
import { answer, result, resultText } from '../wire/answers';
import { namespaceOf, placeOf, serviceOf } from '../wire/names';
import { Parameters } from '../wire/parameters';
import { beat, UNKNOWN_INSTANCE } from './beat';
import {
  type ClusterRequest,
  GET,
  LIST_CLUSTER,
  PATCH,
  REMOVE,
  readCluster,
  registerInstance,
  registeringIn,
} from './instance-calls';
import { keyOf } from './instance-parameters';
import { addWrappedInstanceRoutes } from './v2-instance-routes';

const CLIENT = '/nacos/v3/client/ns/instance';
const ADMIN = '/nacos/v3/admin/ns';

/** Response to a beat of an unknown instance. Its code makes clients register again. */
const { code, message } = nacosErrorOf('INSTANCE_NOT_FOUND', undefined);
const UNKNOWN_BEAT = { code, message, data: null };

const done = () => result('ok');

/** An instance to register, or without a description, one to renew. */
interface Registering {
  namespace: string | undefined;
  key: InstanceKey;
  instance?: NacosInstance;
}

function readRegistering(request: Request, form: string): Registering {
  const parameters = Parameters.of(request, form);
  if (!parameters.flag('heartBeat')) return registeringIn(parameters);
  return { namespace: namespaceOf(parameters), key: keyOf(parameters, placeOf(parameters)) };
}

/** Adds the routes that clients of Nacos 3 use over HTTP. */
export function addV3ClientRoutes(door: DialectDoor, checks: SharedChecks): void {
  door.route<Registering, boolean>({
    operation: 'v3 client register instance',
    method: 'post',
    paths: [CLIENT],
    scope: 'register',
    summary: 'Registers an instance; or renews its lease, as a heartbeat',
    withoutDeadline: true,
    read: (request, _, form) => readRegistering(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ key }) => ({ service: key }),
    call: async (namespace, { key, instance, ...asked }, call) => {
      if (instance === undefined) {
        return (await beat(checks, namespace, { ...asked, key, instance: undefined }, call)).code !== UNKNOWN_INSTANCE;
      }
      await registerInstance(checks, namespace, { key, instance }, call);
      return true;
    },
    // Status 200, because Nacos does not treat this as an error.
    answer: (isKnown) => (isKnown ? done() : answer(UNKNOWN_BEAT)),
  });

  door.route({ ...REMOVE, operation: 'v3 client remove instance', paths: [CLIENT], answer: done });

  door.route({
    operation: 'v3 client list instances',
    method: 'get',
    paths: [`${CLIENT}/list`],
    scope: 'read',
    summary: 'Lists the instances of a service for its clients',
    withoutDeadline: true,
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      // In Nacos 3, no cluster means the default one, not all as before.
      const clusters = clustersIn(parameters.text('clusterName') || DEFAULT_CLUSTER);
      const filter = { clusters, healthyOnly: parameters.flag('healthyOnly') ?? false };
      return { namespace: namespaceOf(parameters), service: serviceOf(parameters), filter };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service, filter }, { tokenId }) => {
      const command = { ...service, filter: {}, tokenId };
      const first = await firstInstances(namespace, command);
      const pages = () => instancePages(namespace, command, first);
      return hostTexts(pages, filter, await surveyList(pages, filter));
    },
    answer: resultText,
  });
}

/** Adds the instance routes of v3 for operators. */
export function addV3InstanceRoutes(door: DialectDoor, checks: SharedChecks): void {
  addWrappedInstanceRoutes(door, checks, { version: 'v3', path: ADMIN });

  door.route({
    ...PATCH,
    operation: 'v3 patch instance',
    method: 'put',
    paths: [`${ADMIN}/instance/partial`],
    answer: done,
  });

  door.route({ ...GET, operation: 'v3 get instance', paths: [`${ADMIN}/instance`], answer: result });

  door.route<ClusterRequest & { healthyOnly: boolean }, Host[]>({
    ...LIST_CLUSTER,
    operation: 'v3 list instances',
    paths: [`${ADMIN}/instance/list`],
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { ...readCluster(parameters), healthyOnly: parameters.flag('healthyOnly') ?? false };
    },
    answer: (hosts, { healthyOnly }) => result(healthyOnly ? hosts.filter(({ healthy }) => healthy) : hosts),
  });
}
