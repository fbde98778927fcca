import {
  EXTENSION,
  type Kept,
  type KeptCheck,
  type KeptNodeCheck,
  NODES,
  writeKept,
  writeNodesRecord,
} from '../../codecs/consul/kept';
import { isBeingRemoved, isRun, isTtl, leaseOf, statusOf } from '../../codecs/consul/registration';
import type { RouteCall } from '../../http/pipeline/route-call';
import type { InstanceKey } from '../../model/batch';
import { RegistryError } from '../../model/errors';
import type { InstanceDefinitionInput, InstanceStatus, InstanceView } from '../../model/instance';
import { grantLease } from '../../model/lease';
import type { PatchCommand, ServiceKey } from '../../model/namespace-api';
import type { CatalogCopy, CatalogMember } from './catalog-copy';
import { checkKey, isSameNode, serviceOf } from './names';

/** The members of a patch that change checks. */
export type CheckPatch = Pick<PatchCommand, 'patch' | 'extension' | 'lease'>;

/** A check, and the registration that has it. */
export interface HeldCheck {
  key: InstanceKey;
  /** Service whose `register` scope its changes need. */
  service: ServiceKey;
  /** Token that registered it. */
  owner: string;
  revision: number;
  check: KeptCheck;
  /** Program that runs it; undefined if its client reports it. */
  runner: string | undefined;
  /** True: each of its results renews the lease. */
  renews: boolean;
  /** True: the registration is about to be removed, so nothing renews its lease. */
  isBeingRemoved: boolean;
  /** Returns the patch that replaces the check. */
  replace(check: KeptCheck): CheckPatch;
  /** Returns the patch that removes the check; undefined if the whole registration is to be removed. */
  remove(): CheckPatch | undefined;
}

/** Returns the patch that stores new data of an instance. */
export function keptPatch(instance: InstanceView, kept: Kept): CheckPatch {
  return {
    patch: { status: statusOf(kept) },
    extension: { name: EXTENSION, value: writeKept(kept) },
    ...changedLease(instance, kept.checks),
  };
}

/** Returns the lease that checks need, if the instance has another one. */
function changedLease({ lease: before }: InstanceView, checks: readonly KeptCheck[]): Pick<CheckPatch, 'lease'> {
  const terms = leaseOf(checks);
  if (terms === undefined) return before === null ? {} : { lease: null };
  const isSame = terms.ttlMs === before?.ttlMs && terms.removeAfterMs === before.removeAfterMs;
  return isSame ? {} : { lease: grantLease(terms) };
}

/** Returns the registration of a check that is no part of an instance. */
export function recordDefinition(record: KeptNodeCheck): InstanceDefinitionInput {
  const { status, extension } = recordPatch(record);
  const terms = leaseOf([record.check]);
  return {
    url: `consul://${encodeURIComponent(record.node)}`,
    status,
    ...(terms === undefined ? { ephemeral: false } : { lease: { ...terms, removeAfterMs: null } }),
    extensions: { [extension.name]: extension.value },
  };
}

/** Consul removes no service for such a check: its lease ends never, so that it stays critical. */
function recordPatch(nodeCheck: KeptNodeCheck): {
  status: InstanceStatus;
  extension: { name: string; value: unknown };
} {
  return {
    status: statusOf({ checks: [nodeCheck.check], maintenance: undefined }),
    extension: { name: EXTENSION, value: writeNodesRecord({ nodeCheck }) },
  };
}

/** Returns a check of an instance. @returns Undefined if the instance does not have it. */
export function checkOfInstance({ instance, key, kept }: CatalogMember, id: string): HeldCheck | undefined {
  const check = kept?.checks.find((each) => each.id === id);
  if (kept === undefined || check === undefined) return undefined;
  const withChecks = (checks: KeptCheck[]) => keptPatch(instance, { ...kept, checks });
  return {
    key,
    service: key,
    owner: instance.owner,
    revision: instance.revision,
    check,
    runner: isRun(check) ? kept.runner : undefined,
    renews: isTtl(check) || (isRun(check) && !kept.checks.some(isTtl)),
    isBeingRemoved: isBeingRemoved(kept.checks),
    replace: (next) => withChecks(kept.checks.map((each) => (each.id === id ? next : each))),
    remove: () => withChecks(kept.checks.filter((each) => each.id !== id)),
  };
}

/** Returns a check that is no part of an instance. */
export function checkOfRecord(instance: InstanceView, nodeCheck: KeptNodeCheck): HeldCheck {
  const { group, service, id, owner } = instance;
  return {
    key: { group, service, id },
    owner,
    service: nodeCheck.serviceName === undefined ? NODES : serviceOf(nodeCheck.serviceName),
    revision: instance.revision,
    check: nodeCheck.check,
    runner: nodeCheck.runner,
    renews: isTtl(nodeCheck.check) || isRun(nodeCheck.check),
    isBeingRemoved: false,
    replace(check) {
      const { status, extension } = recordPatch({ ...nodeCheck, check });
      return { patch: { status }, extension };
    },
    remove: () => undefined,
  };
}

/**
 * Returns the stored checks of a service that are no part of its instance.
 *
 * @param keys Service under its present name, and under the one that it had. Another service may have the same id.
 */
export function checksApart(
  copy: CatalogCopy,
  { node, id, keys }: { node: string; id: string; keys: readonly ServiceKey[] },
): KeptNodeCheck[] {
  const isNamed = (name = '') => {
    const { group, service } = serviceOf(name);
    return keys.some((key) => key.group === group && key.service === service);
  };
  return copy.records().flatMap(({ record }) => {
    if (!('nodeCheck' in record)) return [];
    const { nodeCheck } = record;
    const isAbout = nodeCheck.serviceId === id && isSameNode(nodeCheck.node, node) && isNamed(nodeCheck.serviceName);
    return isAbout ? [nodeCheck] : [];
  });
}

/** A check or a service at the agent of a node. */
export interface AgentId {
  node: string;
  id: string;
  /** Only of this instance: a program that may change all of them says which one it means. */
  only?: InstanceKey | undefined;
}

const isMeant = ({ group, service, id }: InstanceKey, only: InstanceKey | undefined): boolean =>
  only === undefined || (group === only.group && service === only.service && id === only.id);

/**
 * Finds a check on a node among those that the caller may change.
 *
 * @returns Undefined if there is none that the caller may see.
 * @throws {RegistryError} `FORBIDDEN` if the caller may see it but not change it.
 */
export function findCheck(copy: CatalogCopy, call: RouteCall, { node, id, only }: AgentId): HeldCheck | undefined {
  const record = copy.record(checkKey(node, id));
  const ofNode =
    record !== undefined && 'nodeCheck' in record.record
      ? [checkOfRecord(record.instance, record.record.nodeCheck)]
      : [];
  const all = copy.withCheck(node, id).flatMap((member) => checkOfInstance(member, id) ?? []);
  const meant = [...all, ...ofNode].filter(({ key }) => isMeant(key, only));
  return changeable(meant, call, (held) => held, `the check ${JSON.stringify(id)}`);
}

/**
 * Finds the instance of a service id on a node among those that the caller may change.
 *
 * @returns Undefined if there is none that the caller may see.
 * @throws {RegistryError} `FORBIDDEN` if the caller may see it but not change it.
 */
export function findService(
  copy: CatalogCopy,
  call: RouteCall,
  { node, id, only }: AgentId,
): CatalogMember | undefined {
  const all = copy.withService(node, id).filter(({ key }) => isMeant(key, only));
  const access = ({ key, instance }: CatalogMember) => ({ service: key, owner: instance.owner });
  return changeable(all, call, access, `the service ID ${JSON.stringify(id)}`);
}

/**
 * Returns the first record that the caller may change. Those that it may not see count as absent, so that tokens of several
 * services may use the same id: a token that may change all of them gets its own.
 */
function changeable<T>(
  all: readonly T[],
  call: RouteCall,
  accessOf: (each: T) => Pick<HeldCheck, 'service' | 'owner'>,
  what: string,
): T | undefined {
  const open = all.filter((each) => call.may('register', accessOf(each).service));
  const found = open.find((each) => accessOf(each).owner === call.tokenId) ?? open[0];
  if (found === undefined && all.some((each) => call.may('read', accessOf(each).service))) {
    throw new RegistryError('FORBIDDEN', `${what} belongs to a service on which this token lacks the scope "register"`);
  }
  return found;
}
