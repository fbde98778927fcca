import type { DialectDoor } from '../../http/pipeline/dialect';
import { answer, jsonAnswer, ok } from './answers';
import { beating, REMOVE, registering } from './instance-calls';
import type { KeptLists } from './kept-lists';
import { clustersIn, namespaceOf, serviceOf } from './names';
import { Parameters } from './parameters';
import type { SharedChecks } from './shared-checks';
import { subscriberOf } from './subscribers';

const PATH = '/nacos/v1/ns/instance';

/** Instances in v1: what every client sends. */
export function addV1InstanceRoutes(door: DialectDoor, lists: KeptLists, checks: SharedChecks): void {
  door.route({ ...registering(checks), operation: 'v1 register instance', paths: [PATH], answer: ok });
  door.route({ ...REMOVE, operation: 'v1 remove instance', paths: [PATH], answer: ok });
  door.route({ ...beating(checks), operation: 'v1 beat', paths: [`${PATH}/beat`], answer });

  door.route({
    operation: 'v1 list instances',
    method: 'get',
    paths: [`${PATH}/list`],
    scope: 'read',
    summary: 'Lists the instances of a service for its callers',
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
