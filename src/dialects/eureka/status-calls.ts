import { ownStatus } from '../../codecs/eureka/shown-info';
import { coreStatus, type EurekaStatus, statedStatus } from '../../codecs/eureka/status';
import { changeOverride } from '../../http/dialect-calls/change-override';
import { findInstance, findOverride } from '../../http/dialect-calls/find-record';
import type { InstanceKey } from '../../model/batch';
import { RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import type { Caller, NamespaceApi } from '../../model/namespace-api';

/** A call that changes the status of an instance. */
export interface StatusCall {
  namespace: NamespaceApi;
  caller: Caller;
  key: InstanceKey;
  /** True if the caller is an operator, whose status overrides that of the instance. */
  operates: boolean;
}

/**
 * Takes an instance out of traffic, or puts it back. A call of an operator sets an override. A call with the token that
 * registered the instance sets the instance's own status, as Spring applications do for themselves.
 */
export async function putStatus(call: StatusCall, status: EurekaStatus): Promise<void> {
  if (!call.operates) return setOwn(call, status);
  const view = await required(call);
  // Without an override, the instance's own status applies, including a later DOWN. Only an instance that reported
  // OUT_OF_SERVICE needs an override to be UP.
  const isFreed = status === 'UP' && ownStatus(view) !== 'OUT_OF_SERVICE';
  await setOverriding(call, isFreed ? undefined : status);
}

/**
 * Undoes {@link putStatus}.
 *
 * @param status New status of the instance if no override is removed; by default the one that it registered with.
 */
export async function deleteStatus(call: StatusCall, status: EurekaStatus | undefined): Promise<void> {
  const view = await required(call);
  const override = view.overridden ? await findOverride(call.namespace, call.key, call.caller.tokenId) : undefined;
  if (override?.status !== undefined) {
    if (!call.operates)
      throw new RegistryError('FORBIDDEN', 'an operator set this status; use a token with the scope "operate"');
    return setOverriding(call, undefined);
  }
  const own = status ?? ownStatus(view);
  if (own !== undefined && statedStatus(view) !== own) await setOwn(call, own);
}

async function required({ namespace, caller, key }: StatusCall): Promise<InstanceView> {
  const view = await findInstance(namespace, key, caller.tokenId);
  if (view === undefined) throw new RegistryError('INSTANCE_NOT_FOUND', `there is no instance "${key.id}"`);
  return view;
}

async function setOwn({ namespace, caller, key }: StatusCall, status: EurekaStatus): Promise<void> {
  await namespace.patch(caller, { key, patch: { status: coreStatus(status) }, precondition: {} });
}

/** Sets the status in the override, or removes it if undefined. Other members of the override are unchanged. */
function setOverriding({ namespace, caller, key }: StatusCall, status: EurekaStatus | undefined): Promise<void> {
  return changeOverride(namespace, caller, key, ({ status: _before, ...others }) =>
    status === undefined ? others : { ...others, status: coreStatus(status) },
  );
}
