import type { Host } from '../../../codecs/nacos/host';
import type { NacosInstance } from '../../../codecs/nacos/instance';
import { readMetadata } from '../../../codecs/nacos/metadata-text';
import { groupedName, type Place, serviceNamed } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import type { RouteCall } from '../../../http/pipeline/route-call';
import type { InstanceKey } from '../../../model/batch';
import type { InstanceView } from '../../../model/instance';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import { findAtPlace, hostNamed, hostsIn, hostsOf } from '../hosts/found-instances';
import type { SharedChecks } from '../lists/shared-checks';
import { serviceIn } from '../services/service-calls';
import type { Call } from '../wire/answers';
import { clusterOf, keyAt, namespaceOf, placeOf, serviceOf } from '../wire/names';
import { Parameters } from '../wire/parameters';
import { type Beat, type BeatAnswer, beat, readBeat } from './beat';
import { type Edit, editInstances } from './edit-instances';
import { definitionOf, enabledOf, keyOf, readInstance, weightOf } from './instance-parameters';
import { changeMetadata, type MetadataBatch, readMetadataBatch } from './metadata-batch';

/** An instance identified by its place. */
export interface InstanceNamed {
  namespace: string | undefined;
  service: ServiceKey;
  place: Place;
}

/** Reads the instance that parameters identify, in any version. */
export function namedIn(parameters: Parameters): InstanceNamed {
  return { namespace: namespaceOf(parameters), service: serviceOf(parameters), place: placeOf(parameters) };
}

interface Registering {
  namespace: string | undefined;
  key: InstanceKey;
  instance: NacosInstance;
}

/** Reads the instance that parameters describe. */
export function registeringIn(parameters: Parameters): Registering {
  const instance = readInstance(parameters);
  const key = keyOf(parameters, instance);
  // Refuses an invalid instance before any call to the namespace.
  definitionOf(instance);
  return { namespace: namespaceOf(parameters), key, instance };
}

/** Registers an instance, with a lease for the beat interval of its namespace. */
export async function registerInstance(
  checks: SharedChecks,
  namespace: NamespaceApi,
  { key, instance }: Pick<Registering, 'key' | 'instance'>,
  call: RouteCall,
): Promise<void> {
  const definition = definitionOf(instance, await checks.beatMsOf(namespace, call));
  await namespace.register(call.callerWithOrigin, { key, definition, precondition: {} });
}

export const registering = (checks: SharedChecks): Call<Registering, void> => ({
  method: 'post',
  scope: 'register',
  summary: 'Registers an instance',
  withoutDeadline: true,
  read: (request, _, form) => registeringIn(Parameters.of(request, form)),
  namespace: ({ namespace }) => namespace,
  target: ({ key }) => ({ service: key }),
  call: (namespace, asked, call) => registerInstance(checks, namespace, asked, call),
});

export const REMOVE: Call<InstanceNamed, void> = {
  method: 'delete',
  scope: 'register',
  summary: 'Removes an instance',
  read: (request, _, form) => namedIn(Parameters.of(request, form)),
  namespace: ({ namespace }) => namespace,
  target: ({ service }) => ({ service }),
  call: removeInstances,
};

export const beating = (checks: SharedChecks): Call<Beat, BeatAnswer> => ({
  method: 'put',
  scope: 'register',
  summary: 'Renews the lease of an instance; registers an unknown one if the beat describes it',
  withoutDeadline: true,
  read: (request, _, form) => readBeat(Parameters.of(request, form)),
  namespace: ({ namespace }) => namespace,
  target: ({ key }) => ({ service: key }),
  call: (namespace, asked, call) => beat(checks, namespace, asked, call),
});

type Editing = InstanceNamed & { edit: Edit };

export const REPLACE: Call<Editing, void> = {
  method: 'put',
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
};

export const PATCH: Call<Editing, void> = {
  method: 'patch',
  scope: 'register',
  summary: 'Sets the given ones of enabled, weight and metadata',
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
};

export const GET: Call<InstanceNamed & { cluster: string }, Host> = {
  method: 'get',
  scope: 'read',
  summary: 'Reads an instance',
  read: (request, _, form) => {
    const parameters = Parameters.of(request, form);
    return { ...namedIn(parameters), cluster: clusterOf(parameters) };
  },
  namespace: ({ namespace }) => namespace,
  target: ({ service }) => ({ service }),
  call: (namespace, asked, { tokenId }) => hostNamed(namespace, asked, tokenId),
};

/** Health of the instances of a service. Each version reads the service from another place; see {@link serviceOfKey}. */
export const STATUSES: Omit<Call<{ namespace: string | undefined; service: ServiceKey }, { ips: string[] }>, 'read'> = {
  method: 'get',
  scope: 'read',
  summary: 'Lists the health of the instances of a service',
  namespace: ({ namespace }) => namespace,
  target: ({ service }) => ({ service }),
  call: async (namespace, { service }, { tokenId }) => {
    const hosts = await hostsOf(namespace, service, tokenId);
    return { ips: hosts.map(({ ip, port, healthy }) => `${ip}:${port}_${healthy}`) };
  },
};

const METADATA_BATCH = {
  scope: 'operate',
  read: (request: Request, _: unknown, form: string) => readMetadataBatch(Parameters.of(request, form)),
  namespace: ({ namespace }: MetadataBatch) => namespace,
  target: ({ service }: MetadataBatch) => ({ service }),
} as const;

export const SET_METADATA: Call<MetadataBatch, string[]> = {
  ...METADATA_BATCH,
  method: 'put',
  summary: 'Sets metadata of several instances',
  call: (namespace, asked, call) => changeMetadata(namespace, asked, false, call),
};

export const TAKE_BACK_METADATA: Call<MetadataBatch, string[]> = {
  ...METADATA_BATCH,
  method: 'delete',
  summary: 'Removes metadata that was set this way',
  call: (namespace, asked, call) => changeMetadata(namespace, asked, true, call),
};

/** A cluster of a service. */
export interface ClusterRequest {
  namespace: string | undefined;
  service: ServiceKey;
  cluster: string;
}

/** Reads the cluster that parameters name. */
export const readCluster = (parameters: Parameters): ClusterRequest => ({
  namespace: namespaceOf(parameters),
  service: serviceOf(parameters),
  cluster: clusterOf(parameters),
});

/** Instances of a cluster, including those without traffic. Each version adds parameters of its own. */
export const LIST_CLUSTER = {
  method: 'get',
  scope: 'read',
  summary: 'Lists the instances of a cluster, including those without traffic, for consoles',
  namespace: ({ namespace }: ClusterRequest) => namespace,
  target: ({ service }: ClusterRequest) => ({ service }),
  call: (namespace, { service, cluster }: ClusterRequest, { tokenId }): Promise<Host[]> =>
    hostsIn(namespace, service, cluster, tokenId),
} as const satisfies Omit<Call<ClusterRequest, Host[]>, 'read'>;

/** Handles PUT of every version. */
async function replaceInstance(
  namespace: NamespaceApi,
  { service, place, edit }: InstanceNamed & { edit: Edit },
  call: RouteCall,
): Promise<void> {
  const found = await findAtPlace(namespace, service, place, call.tokenId);
  if (found.length > 0) return editInstances(namespace, service, found, edit, true, call);
  // A missing instance is not an error, a missing service is.
  await assertService(namespace, service, call);
}

/** Handles PATCH, and `partial` of v3. */
async function patchInstance(
  namespace: NamespaceApi,
  { service, place, edit }: InstanceNamed & { edit: Edit },
  call: RouteCall,
): Promise<void> {
  const found = await findAtPlace(namespace, service, place, call.tokenId);
  if (found.length === 0) throw nacosError('RESOURCE_NOT_FOUND', 'instance not found');
  await editInstances(namespace, service, found, edit, false, call);
}

async function assertService(namespace: NamespaceApi, service: ServiceKey, call: RouteCall): Promise<void> {
  if ((await serviceIn(namespace, service, call.tokenId)) !== undefined) return;
  const name = groupedName(service);
  throw nacosError('SERVICE_NOT_EXIST', `service not found, namespace: ${call.namespace}, service: ${name}`);
}

/** Parses `group@@service` or `namespace##group@@service`. */
export function serviceOfKey(key: string): { namespace: string | undefined; service: ServiceKey } {
  const cut = key.indexOf('##');
  const name = cut < 0 ? key : key.slice(cut + 2);
  return { namespace: cut <= 0 ? undefined : key.slice(0, cut), service: serviceNamed(name, '') };
}

/**
 * Removes the instances at a place, in one revision; none is not an error, as in Nacos. A token that operates the service
 * removes all of them. One that may only register removes an instance that it registered through this API, or if there is
 * none, those that it registered through other APIs.
 *
 * @throws {RegistryError} `FORBIDDEN` if all of them have other owners: a removal without effect must not succeed.
 */
async function removeInstances(
  namespace: NamespaceApi,
  { service, place }: { service: ServiceKey; place: Place },
  call: RouteCall,
): Promise<void> {
  const there = await findAtPlace(namespace, service, place, call.tokenId);
  const chosen = call.may('operate', service) ? there : ownOf(there, keyAt(service, place).id, call.tokenId);
  const operations = chosen.map(({ id }) => ({
    op: 'deregister' as const,
    key: { ...service, id },
    precondition: {},
  }));
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
}

/** Returns the instances that a token which may only register removes; if it owns none, all, which is then refused. */
function ownOf(there: readonly InstanceView[], id: string, tokenId: string): readonly InstanceView[] {
  const own = there.filter(({ owner }) => owner === tokenId);
  if (own.length === 0) return there;
  const ofThisDoor = own.filter((instance) => instance.id === id);
  return ofThisDoor.length > 0 ? ofThisDoor : own;
}
