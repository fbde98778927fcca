import { clustersIn } from '../../../codecs/nacos/names';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { KeptLists } from '../lists/kept-lists';
import type { SharedChecks } from '../lists/shared-checks';
import { answer, ok, result, resultText, type Version } from '../wire/answers';
import { namespaceOf, serviceOf } from '../wire/names';
import { Parameters } from '../wire/parameters';
import {
  beating,
  GET,
  PATCH,
  REMOVE,
  REPLACE,
  registering,
  SET_METADATA,
  STATUSES,
  serviceOfKey,
  TAKE_BACK_METADATA,
} from './instance-calls';

const done = () => result('ok');

/** Adds the instance routes that v2 and the admin API of v3 have in common. */
export function addWrappedInstanceRoutes(door: DialectDoor, checks: SharedChecks, { version, path }: Version): void {
  const paths = [`${path}/instance`];
  door.route({ ...registering(checks), operation: `${version} register instance`, paths, answer: done });
  door.route({ ...REMOVE, operation: `${version} remove instance`, paths, answer: done });
  door.route({ ...REPLACE, operation: `${version} update instance`, paths, answer: done });
  const batch = { paths: [`${path}/instance/metadata/batch`], answer: (updated: string[]) => result({ updated }) };
  door.route({ ...SET_METADATA, ...batch, operation: `${version} set metadata` });
  door.route({ ...TAKE_BACK_METADATA, ...batch, operation: `${version} take back metadata` });
}

/** Adds the instance routes of v2. Some are those of v1 with another path, and do not wrap their response. */
export function addV2InstanceRoutes(door: DialectDoor, lists: KeptLists, checks: SharedChecks): void {
  const path = '/nacos/v2/ns';
  addWrappedInstanceRoutes(door, checks, { version: 'v2', path });

  door.route({
    ...GET,
    operation: 'v2 get instance',
    paths: [`${path}/instance`],
    answer: ({ serviceName, ip, port, clusterName, weight, healthy, instanceId, metadata }) =>
      result({ serviceName, ip, port, clusterName, weight, healthy, instanceId, metadata }),
  });

  door.route({
    operation: 'v2 list instances',
    method: 'get',
    paths: [`${path}/instance/list`],
    scope: 'read',
    summary: 'Lists the instances of a service for its clients',
    withoutDeadline: true,
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      const clusters = parameters.asSent('clusterName') ?? '';
      const filter = { clusters: clustersIn(clusters), healthyOnly: parameters.flag('healthyOnly') ?? false };
      return { namespace: namespaceOf(parameters), service: serviceOf(parameters), clusters, filter };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, asked, call) => lists.read(namespace, asked, call),
    answer: resultText,
  });

  door.route({ ...PATCH, operation: 'v2 patch instance', paths: [`${path}/instance`], answer: ok });

  door.route({
    ...STATUSES,
    operation: 'v2 statuses',
    paths: [`${path}/instance/statuses/:key`],
    read: (_, { key = '' }) => serviceOfKey(key),
    answer,
  });
  door.route({ ...beating(checks), operation: 'v2 beat', paths: [`${path}/instance/beat`], answer });
}
