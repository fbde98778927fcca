import { checkersIn, isProbing } from '../../../codecs/nacos/cluster-checker';
import { groupedName } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { RouteCall } from '../../../http/pipeline/route-call';
import type { Operation } from '../../../model/batch';
import type { InstanceView } from '../../../model/instance';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import { findAtPlace } from '../hosts/found-instances';
import { type InstanceNamed, namedIn } from '../instances/instance-calls';
import { serviceIn } from '../services/service-calls';
import { ok, result } from '../wire/answers';
import { Parameters } from '../wire/parameters';

interface HealthRequest extends InstanceNamed {
  healthy: boolean;
}

function readHealth(request: Request, form: string): HealthRequest {
  const parameters = Parameters.of(request, form);
  const healthy = parameters.flag('healthy') ?? parameters.flag('valid');
  const named = namedIn(parameters);
  if (healthy === undefined) throw nacosError('HEALTHY_PARAM_MISS', "Param 'healthy' is required.");
  return { ...named, healthy };
}

/**
 * Sets the health of an instance without beats. It changes the registered status, and applies until the instance registers
 * again. An instance that is out of service stays so.
 */
async function setHealth(
  namespace: NamespaceApi,
  { service, place, healthy }: HealthRequest,
  call: RouteCall,
): Promise<void> {
  const found = await findAtPlace(namespace, service, place, call.tokenId);
  if (found.length === 0) throw nacosError('RESOURCE_NOT_FOUND', 'no matched ip found!');
  const beating = found.find(({ ephemeral }) => ephemeral);
  if (beating !== undefined) throw stillRunning(service, beating);
  await assertUnchecked(namespace, service, found, call);
  const patch = { status: healthy ? 'up' : 'down' } as const;
  const operations = found
    .filter(({ status }) => status === 'up' || status === 'down')
    .map(({ id }): Operation => ({ op: 'update', key: { ...service, id }, patch, precondition: {} }));
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
}

const stillRunning = (service: ServiceKey, { cluster }: InstanceView) =>
  nacosError(
    'HEALTH_CHECK_STILL_RUNNING',
    `health check is still working, service: ${groupedName(service)}, cluster: ${cluster}`,
  );

/** @throws {RegistryError} `INVALID_REQUEST`, with Nacos' code, if a checker sets the health of one of the instances. */
async function assertUnchecked(
  namespace: NamespaceApi,
  service: ServiceKey,
  found: readonly InstanceView[],
  { tokenId, surroundings }: RouteCall,
): Promise<void> {
  if (surroundings.checkRunner === undefined) return;
  const checkers = checkersIn((await serviceIn(namespace, service, tokenId))?.metadata ?? {});
  const checked = found.find(({ cluster }) => isProbing(checkers.get(cluster)));
  if (checked !== undefined) throw stillRunning(service, checked);
}

/** Adds the routes with which operators and scripts set the health of instances without beats. */
export function addHealthRoutes(door: DialectDoor): void {
  const common = {
    method: 'put',
    scope: 'register',
    summary: 'Sets the health of an instance without beats',
    read: (request: Request, _: unknown, form: string) => readHealth(request, form),
    namespace: ({ namespace }: HealthRequest) => namespace,
    target: ({ service }: HealthRequest) => ({ service }),
    call: setHealth,
  } as const;
  door.route({
    ...common,
    operation: 'v1 set health',
    paths: ['/nacos/v1/ns/health', '/nacos/v1/ns/health/instance'],
    answer: ok,
  });
  door.route({
    ...common,
    operation: 'v2 set health',
    paths: ['/nacos/v2/ns/health', '/nacos/v2/ns/health/instance', '/nacos/v3/admin/ns/health/instance'],
    answer: () => result('ok'),
  });
}
