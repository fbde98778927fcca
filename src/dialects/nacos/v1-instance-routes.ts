import type { DialectDoor } from '../../http/dialect';
import { answer, jsonAnswer, ok } from './answers';
import { type Beat, beat, readBeat } from './beat';
import { definitionOf, type InstanceAsked, keyOf, readInstance } from './instance-parameters';
import type { KeptLists } from './kept-lists';
import { clustersIn, namespaceOf, placeOf, serviceOf } from './names';
import { Parameters } from './parameters';
import { subscriberOf } from './subscribers';

const PATH = '/nacos/v1/ns/instance';

function askedOf(request: Request, form: string): InstanceAsked {
  const parameters = Parameters.of(request, form);
  const instance = readInstance(parameters);
  return { namespace: namespaceOf(parameters), key: keyOf(parameters, instance), instance };
}

/** Instances in v1: what every client sends. */
export function addV1InstanceRoutes(door: DialectDoor, lists: KeptLists): void {
  door.route({
    operation: 'v1 register instance',
    method: 'post',
    paths: [PATH],
    scope: 'register',
    summary: 'Registers an instance',
    withoutDeadline: true,
    read: (request, _, form) => {
      const asked = askedOf(request, form);
      return { ...asked, definition: definitionOf(asked.instance) };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ key }) => ({ service: key }),
    call: (namespace, { key, definition }, call) =>
      namespace.register(call.callerWithOrigin, { key, definition, precondition: {} }),
    answer: ok,
  });

  door.route({
    operation: 'v1 remove instance',
    method: 'delete',
    paths: [PATH],
    scope: 'register',
    summary: 'Removes an instance',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { namespace: namespaceOf(parameters), key: keyOf(parameters, placeOf(parameters)) };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ key }) => ({ service: key }),
    call: (namespace, { key }, call) => namespace.deregister(call.callerWithOrigin, { key, precondition: {} }),
    answer: ok,
  });

  door.route({
    operation: 'v1 beat',
    method: 'put',
    paths: [`${PATH}/beat`],
    scope: 'register',
    summary: 'Renews the lease of an instance; registers one that is unknown, if the beat describes it',
    withoutDeadline: true,
    read: (request, _, form): Beat => readBeat(Parameters.of(request, form)),
    namespace: ({ namespace }) => namespace,
    target: ({ key }) => ({ service: key }),
    call: beat,
    answer,
  });

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
