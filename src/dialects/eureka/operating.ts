import type { InstanceKey } from '../../model/batch';
import { RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json-text';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { Override } from '../../model/override';
import { viewOf } from './registering';
import { coreStatus, type EurekaStatus, statedStatus } from './status';
import { ownStatus } from './translate';

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
  const override = await overrideOf(call, view);
  const { status: _status, ...others } = override;
  // The instance's own word counts again, and with it a DOWN that it says later. It is not UP only where it said otherwise.
  const isFreed = status === 'UP' && ownStatus(view) !== 'OUT_OF_SERVICE';
  await setOverride(call, isFreed ? others : { ...others, status: coreStatus(status) });
}

/**
 * Ends what was said by {@link putStatus}.
 *
 * @param status What the instance is to be where nothing of its own is known to be otherwise.
 */
export async function deleteStatus(call: StatusCall, status: EurekaStatus | undefined): Promise<void> {
  const view = await required(call);
  const { status: overriding, ...others } = await overrideOf(call, view);
  if (overriding !== undefined) {
    if (!call.operates)
      throw new RegistryError('FORBIDDEN', 'an operator set this status; a token that may operate ends it');
    await setOverride(call, others);
    return;
  }
  const own = status ?? ownStatus(view);
  if (own !== undefined && statedStatus(view) !== own) await setOwn(call, own);
}

async function required({ namespace, caller, key }: StatusCall): Promise<InstanceView> {
  const view = await viewOf(namespace, caller, key);
  if (view === undefined) throw new RegistryError('INSTANCE_NOT_FOUND', `there is no instance "${key.id}"`);
  return view;
}

async function setOwn({ namespace, caller, key }: StatusCall, status: EurekaStatus): Promise<void> {
  await namespace.patch(caller, { key, patch: { status: coreStatus(status) }, precondition: {} });
}

/** All that operators have said of an instance. */
async function overrideOf({ namespace, caller, key }: StatusCall, { overridden }: InstanceView): Promise<Override> {
  if (!overridden) return {};
  const { body } = await namespace.readOverride({ key, tokenId: caller.tokenId });
  if (body === null) return {};
  const { actor: _actor, revision: _revision, updatedAt: _updatedAt, ...override } = readJsonText(body);
  return override;
}

async function setOverride({ namespace, caller, key }: StatusCall, override: Override): Promise<void> {
  if (Object.keys(override).length === 0) await namespace.clearOverride(caller, { key, precondition: {} });
  else await namespace.putOverride(caller, { key, override, precondition: {} });
}
