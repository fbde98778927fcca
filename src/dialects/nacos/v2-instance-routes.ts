import type { DialectDoor } from '../../http/dialect';
import type { NamespaceApi } from '../../model/namespace-api';
import { answer, jsonAnswer, ok } from './answers';
import { instanceIn, instancesOf } from './found-instances';
import { type Host, hostOf } from './host';
import {
  BEAT,
  type InstanceNamed,
  METADATA_BATCHES,
  namedIn,
  PATCH,
  REGISTER,
  REMOVE,
  REPLACE,
} from './instance-calls';
import type { KeptLists } from './kept-lists';
import { nacosError } from './nacos-error';
import { clusterOf, clustersIn, groupedName, namespaceOf, serviceOf } from './names';
import { Parameters } from './parameters';
import { result } from './v2-result';

/** A version's name for its routes, and where they begin. */
export interface Version {
  version: 'v2' | 'v3';
  path: string;
}

const done = () => result('ok');

/** What v2, and v3 for operators, have alike. */
export function addWrappedInstanceRoutes(door: DialectDoor, { version, path }: Version): void {
  const paths = [`${path}/instance`];
  door.route({ ...REGISTER, operation: `${version} register instance`, paths, answer: done });
  door.route({ ...REMOVE, operation: `${version} remove instance`, paths, answer: done });
  door.route({ ...REPLACE, operation: `${version} update instance`, paths, answer: done });
  for (const batch of METADATA_BATCHES) {
    door.route({
      ...batch,
      operation: `${version} metadata batch (${batch.method})`,
      paths: [`${path}/instance/metadata/batch`],
      answer: (updated) => result({ updated }),
    });
  }
}

/** The instance that somebody names by its place and cluster, in Nacos' words. */
export async function hostNamed(
  namespace: NamespaceApi,
  { service, place, cluster }: InstanceNamed & { cluster: string },
  tokenId: string,
): Promise<Host> {
  const all = await instancesOf(namespace, service, tokenId);
  const found = instanceIn(
    all.filter((instance) => instance.cluster === cluster),
    service,
    place,
  );
  const host = found && hostOf(found);
  if (host !== undefined) return host;
  throw nacosError('RESOURCE_NOT_FOUND', `no matched ip found in cluster ${cluster} of ${groupedName(service)}!`);
}

/** One instance, as its place and cluster name it. */
export const readNamedInCluster = (request: Request, form: string) => {
  const parameters = Parameters.of(request, form);
  return { ...namedIn(parameters), cluster: clusterOf(parameters) };
};

/** Instances in v2. Some of its calls are those of v1 in all but their path, and answer without a wrapping. */
export function addV2InstanceRoutes(door: DialectDoor, lists: KeptLists): void {
  const path = '/nacos/v2/ns';
  addWrappedInstanceRoutes(door, { version: 'v2', path });

  door.route({
    operation: 'v2 get instance',
    method: 'get',
    paths: [`${path}/instance`],
    scope: 'read',
    summary: 'Reads an instance',
    read: (request, _, form) => readNamedInCluster(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, asked, { tokenId }) => hostNamed(namespace, asked, tokenId),
    answer: ({ serviceName, ip, port, clusterName, weight, healthy, instanceId, metadata }) =>
      result({ serviceName, ip, port, clusterName, weight, healthy, instanceId, metadata }),
  });

  door.route({
    operation: 'v2 list instances',
    method: 'get',
    paths: [`${path}/instance/list`],
    scope: 'read',
    summary: 'Lists the instances of a service for its callers',
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
    answer: (text) => jsonAnswer(`{"code":0,"message":"success","data":${text}}`),
  });

  door.route({ ...PATCH, operation: 'v2 patch instance', paths: [`${path}/instance`], answer: ok });

  door.route({ ...BEAT, operation: 'v2 beat', paths: [`${path}/instance/beat`], answer });
}
