import type { DialectDoor } from '../../http/dialect';
import { readJsonText } from '../../model/json-text';
import { NACOS_CACHE_MS } from '../../model/limits';
import { answer, jsonAnswer, ok } from './answers';
import { type Beat, beat, readBeat } from './beat';
import { definitionOf, type InstanceAsked, keyOf, readInstance } from './instance-parameters';
import { clustersIn, namespaceOf, placeOf, serviceOf } from './names';
import { Parameters } from './parameters';
import { hostList, serviceInfo } from './service-info';

const PATH = '/nacos/v1/ns/instance';

function askedOf(request: Request, form: string): InstanceAsked {
  const parameters = Parameters.of(request, form);
  const instance = readInstance(parameters);
  return { namespace: namespaceOf(parameters), key: keyOf(parameters, instance), instance };
}

/** Instances in v1: what every client sends. */
export function addV1InstanceRoutes(door: DialectDoor): void {
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
      const filter = { clusters: clustersIn(clusters), healthyOnly: parameters.flag('healthyOnly') ?? false };
      return { namespace: namespaceOf(parameters), service: serviceOf(parameters), clusters, filter };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service, clusters, filter }, call) => {
      const { body } = await namespace.listInstances({ ...service, filter: {}, tokenId: call.tokenId });
      const list = hostList(body === null ? [] : readJsonText(body).instances, 0, filter);
      return jsonAnswer(
        JSON.stringify({ ...serviceInfo(service, list, clusters, NACOS_CACHE_MS), lastRefTime: Date.now() }),
      );
    },
    answer: (response) => response,
  });
}
