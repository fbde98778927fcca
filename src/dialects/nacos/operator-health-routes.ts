import type { DialectDoor } from '../../http/dialect';
import type { RouteCall } from '../../http/route-call';
import type { InstanceKey } from '../../model/batch';
import { readJsonText } from '../../model/json-text';
import type { NamespaceApi } from '../../model/namespace-api';
import { ok } from './answers';
import { keyOf } from './instance-parameters';
import { nacosError } from './nacos-error';
import { groupedName, namespaceOf, placeOf } from './names';
import { Parameters } from './parameters';
import { result } from './v2-result';

interface HealthAsked {
  namespace: string | undefined;
  key: InstanceKey;
  healthy: boolean;
}

function readHealth(request: Request, form: string): HealthAsked {
  const parameters = Parameters.of(request, form);
  const healthy = parameters.flag('healthy') ?? parameters.flag('valid');
  const key = keyOf(parameters, placeOf(parameters));
  if (healthy === undefined) throw nacosError('HEALTHY_PARAM_MISS', "Param 'healthy' is required.");
  return { namespace: namespaceOf(parameters), key, healthy };
}

/**
 * Sets whether an instance is well that nobody hears of by itself: one without beats. It is what the instance would say
 * on registering, and counts until that is said again. One that is out of service stays so.
 */
async function setHealth(namespace: NamespaceApi, { key, healthy }: HealthAsked, call: RouteCall): Promise<void> {
  const { body } = await namespace.readInstance({ key, tokenId: call.tokenId });
  const instance = body === null ? undefined : readJsonText(body);
  if (instance === undefined || instance.ephemeral) {
    throw nacosError(
      'HEALTH_CHECK_STILL_RUNNING',
      `health check is still working, service: ${groupedName(key)}, cluster: ${instance?.cluster}`,
    );
  }
  const status = healthy ? 'up' : 'down';
  if (instance.status !== 'up' && instance.status !== 'down') return;
  await namespace.patch(call.callerWithOrigin, { key, patch: { status }, precondition: {} });
}

/** Health of instances without beats, which operators and their scripts set. */
export function addHealthRoutes(door: DialectDoor): void {
  const common = {
    method: 'put',
    scope: 'register',
    summary: 'Sets whether an instance without beats is well',
    read: (request: Request, _: unknown, form: string) => readHealth(request, form),
    namespace: ({ namespace }: HealthAsked) => namespace,
    target: ({ key }: HealthAsked) => ({ service: key }),
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
