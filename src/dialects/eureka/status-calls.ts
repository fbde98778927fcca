import { ownStatus } from '../../codecs/eureka/shown-info';
import { coreStatus, type EurekaStatus, statedStatus } from '../../codecs/eureka/status';
import { changeOverride } from '../../http/dialect-calls/change-override';
import { findInstance, findOverride } from '../../http/dialect-calls/find-record';
import type { InstanceKey } from '../../model/batch';
import { RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import type { Caller, NamespaceApi } from '../../model/namespace-api';

/** One call about the status of one instance. */
export interface StatusCall {
  namespace: NamespaceApi;
  caller: Caller;
  key: InstanceKey;
  /** Whether the caller speaks for operators: what it says outlives what the instance says. */
  operates: boolean;
}

/**
 * Takes an instance out of traffic, or puts it back. By an operator that is an override; by the token that registered
 * the instance it is the instance's own word, as Spring's processes say it of themselves.
 */
export async function putStatus(call: StatusCall, status: EurekaStatus): Promise<void> {
  if (!call.operates) return setOwn(call, status);
  const view = await required(call);
  // The instance's own word counts again, and with it a DOWN that it says later. It is not UP only where it said otherwise.
  const isFreed = status === 'UP' && ownStatus(view) !== 'OUT_OF_SERVICE';
  await setOverriding(call, isFreed ? undefined : status);
}

/**
 * Ends what was said by {@link putStatus}.
 *
 * @param status What the instance is to be where nothing of its own is known to be otherwise.
 */
export async function deleteStatus(call: StatusCall, status: EurekaStatus | undefined): Promise<void> {
  const view = await required(call);
  const override = view.overridden ? await findOverride(call.namespace, call.key, call.caller.tokenId) : undefined;
  if (override?.status !== undefined) {
    if (!call.operates)
      throw new RegistryError('FORBIDDEN', 'an operator set this status; a token that may operate ends it');
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

/** What operators say of its status; undefined: nothing any more. Whatever else they say of it stays. */
function setOverriding({ namespace, caller, key }: StatusCall, status: EurekaStatus | undefined): Promise<void> {
  return changeOverride(namespace, caller, key, ({ status: _before, ...others }) =>
    status === undefined ? others : { ...others, status: coreStatus(status) },
  );
}
