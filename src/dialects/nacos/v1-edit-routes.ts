import type { DialectDoor } from '../../http/dialect';
import type { RouteCall } from '../../http/route-call';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { answer, ok } from './answers';
import { instanceIn, instancesOf } from './found-instances';
import { hostOf, instanceIdOf, isAble, placeIn } from './host';
import { enabledOf, readInstance, weightOf } from './instance-parameters';
import { changeMetadata, readMetadataBatch } from './metadata-batch';
import { readMetadata } from './metadata-text';
import { nacosError } from './nacos-error';
import { clusterOf, groupedName, namespaceOf, type Place, placeOf, serviceNamed, serviceOf } from './names';
import { type Edit, editInstance } from './operator';
import { Parameters } from './parameters';
import { serviceIn } from './services';

const PATH = '/nacos/v1/ns/instance';

/** An instance that is named by its place. */
interface InstanceNamed {
  namespace: string | undefined;
  service: ServiceKey;
  place: Place;
}

function namedIn(parameters: Parameters): InstanceNamed {
  return { namespace: namespaceOf(parameters), service: serviceOf(parameters), place: placeOf(parameters) };
}

/** Edits that consoles send, and reads of single instances: in v1, and as the later versions call them, too. */
export function addV1EditRoutes(door: DialectDoor): void {
  door.route({
    operation: 'v1 update instance',
    method: 'put',
    paths: [PATH],
    scope: 'register',
    summary: 'Sets enabled, weight and metadata of an instance',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      const { enabled, weight, metadata } = readInstance(parameters);
      return { ...namedIn(parameters), edit: { enabled, weight, metadata } };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: replaceInstance,
    answer: ok,
  });

  door.route({
    operation: 'v1 patch instance',
    method: 'patch',
    paths: [PATH],
    scope: 'register',
    summary: 'Sets those of enabled, weight and metadata that are named',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      const text = parameters.text('metadata');
      const metadata = text === '' ? undefined : readMetadata(text);
      return {
        ...namedIn(parameters),
        edit: { enabled: enabledOf(parameters), weight: weightOf(parameters), metadata },
      };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: patchInstance,
    answer: ok,
  });

  door.route({
    operation: 'v1 get instance',
    method: 'get',
    paths: [PATH],
    scope: 'read',
    summary: 'Reads an instance',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { ...namedIn(parameters), cluster: clusterOf(parameters) };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service, place, cluster }, call) => {
      const all = await instancesOf(namespace, service, call.tokenId);
      const inCluster = all.filter((instance) => instance.cluster === cluster);
      if (inCluster.length === 0) {
        throw nacosError(
          'RESOURCE_NOT_FOUND',
          `no ips found for cluster ${cluster} in service ${groupedName(service)}`,
        );
      }
      const found = instanceIn(inCluster, service, place);
      const host = found && hostOf(found);
      if (host === undefined) throw nacosError('RESOURCE_NOT_FOUND', 'no matched ip found!');
      const { ip, port, clusterName, weight, healthy, metadata } = host;
      const instanceId = instanceIdOf(place, cluster, service);
      return { service: groupedName(service), ip, port, clusterName, weight, healthy, instanceId, metadata };
    },
    answer,
  });

  for (const method of ['get', 'post'] as const) {
    door.route({
      operation: `v1 statuses (${method})`,
      method,
      paths: [`${PATH}/statuses`],
      scope: 'read',
      summary: 'Says of each instance of a service whether it is healthy',
      read: (request, _, form) => statusesOf(Parameters.of(request, form).required('key')),
      namespace: ({ namespace }) => namespace,
      target: ({ service }) => ({ service }),
      call: async (namespace, { service }, call) => {
        const instances = await instancesOf(namespace, service, call.tokenId);
        const ips = instances.flatMap((instance) => {
          const place = placeIn(instance);
          return place === undefined ? [] : [`${place.ip}:${place.port}_${instance.healthy && isAble(instance)}`];
        });
        return { ips };
      },
      answer,
    });
  }

  for (const method of ['put', 'delete'] as const) {
    door.route({
      operation: method === 'put' ? 'v1 set metadata' : 'v1 take back metadata',
      method,
      paths: [`${PATH}/metadata/batch`],
      scope: 'operate',
      summary: method === 'put' ? 'Sets metadata of many instances' : 'Takes back metadata that was set so',
      read: (request, _, form) => readMetadataBatch(Parameters.of(request, form)),
      namespace: ({ namespace }) => namespace,
      target: ({ service }) => ({ service }),
      call: (namespace, asked, call) => changeMetadata(namespace, asked, method === 'delete', call),
      answer: (updated) => answer({ updated }),
    });
  }
}

/** What PUT of every version does. */
export async function replaceInstance(
  namespace: NamespaceApi,
  { service, place, edit }: InstanceNamed & { edit: Edit },
  call: RouteCall,
): Promise<void> {
  const found = instanceIn(await instancesOf(namespace, service, call.tokenId), service, place);
  if (found !== undefined) return editInstance(namespace, found, edit, true, call);
  // Of an instance that is not there it is no mistake, of a service it is.
  await assertService(namespace, service, call);
}

/** What PATCH, and `partial` of v3, does. */
export async function patchInstance(
  namespace: NamespaceApi,
  { service, place, edit }: InstanceNamed & { edit: Edit },
  call: RouteCall,
): Promise<void> {
  const found = instanceIn(await instancesOf(namespace, service, call.tokenId), service, place);
  if (found === undefined) throw nacosError('RESOURCE_NOT_FOUND', 'instance not found');
  await editInstance(namespace, found, edit, false, call);
}

async function assertService(namespace: NamespaceApi, service: ServiceKey, call: RouteCall): Promise<void> {
  if ((await serviceIn(namespace, service, call.tokenId)) !== undefined) return;
  const name = groupedName(service);
  throw nacosError('SERVICE_NOT_EXIST', `service not found, namespace: ${call.namespace}, service: ${name}`);
}

/** `group@@service`, or `namespace##group@@service`. */
function statusesOf(key: string): { namespace: string | undefined; service: ServiceKey } {
  const cut = key.indexOf('##');
  const name = cut < 0 ? key : key.slice(cut + 2);
  return { namespace: cut <= 0 ? undefined : key.slice(0, cut), service: serviceNamed(name, '') };
}
