import { clustersIn } from '../../../codecs/nacos/names';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { KeptLists } from '../lists/kept-lists';
import type { SharedChecks } from '../lists/shared-checks';
import { subscriberOf } from '../lists/subscribers';
import { answer, jsonAnswer, ok } from '../wire/answers';
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

const PATH = '/nacos/v1/ns/instance';

/** Adds the instance routes of v1 that every client uses. */
export function addV1InstanceRoutes(door: DialectDoor, lists: KeptLists, checks: SharedChecks): void {
  door.route({ ...registering(checks), operation: 'v1 register instance', paths: [PATH], answer: ok });
  door.route({ ...REMOVE, operation: 'v1 remove instance', paths: [PATH], answer: ok });
  door.route({ ...beating(checks), operation: 'v1 beat', paths: [`${PATH}/beat`], answer });

  door.route({
    operation: 'v1 list instances',
    method: 'get',
    paths: [`${PATH}/list`],
    scope: 'read',
    summary: 'Lists the instances of a service for its clients',
    withoutDeadline: true,
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      const clusters = parameters.asSent('clusters') ?? '';
      return {
        namespace: namespaceOf(parameters),
        service: serviceOf(parameters),
        clusters,
        filter: { clusters: clustersIn(clusters), healthyOnly: parameters.flag('healthyOnly') ?? false },
        subscriber: subscriberOf(parameters, request.headers),
      };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, asked, call) => lists.read(namespace, asked, call),
    answer: jsonAnswer,
  });
}

/** Adds the routes of v1 for edits by consoles, and for reads of single instances. */
export function addV1EditRoutes(door: DialectDoor): void {
  door.route({ ...REPLACE, operation: 'v1 update instance', paths: [PATH], answer: ok });
  door.route({ ...PATCH, operation: 'v1 patch instance', paths: [PATH], answer: ok });
  door.route({
    ...GET,
    operation: 'v1 get instance',
    paths: [PATH],
    answer: ({ serviceName: service, ip, port, clusterName, weight, healthy, instanceId, metadata }) =>
      answer({ service, ip, port, clusterName, weight, healthy, instanceId, metadata }),
  });
  for (const method of ['get', 'post'] as const) {
    door.route({
      ...STATUSES,
      operation: `v1 statuses (${method})`,
      method,
      paths: [`${PATH}/statuses`],
      read: (request, _, form) => serviceOfKey(Parameters.of(request, form).required('key')),
      answer,
    });
  }
  const batch = { paths: [`${PATH}/metadata/batch`], answer: (updated: string[]) => answer({ updated }) };
  door.route({ ...SET_METADATA, ...batch, operation: 'v1 set metadata' });
  door.route({ ...TAKE_BACK_METADATA, ...batch, operation: 'v1 take back metadata' });
}
