import type { CheckDefinition } from '../../codecs/consul/check';
import { type KeptCheck, type KeptNodeCheck, NODES } from '../../codecs/consul/kept';
import { REFUSALS } from '../../codecs/consul/refusals';
import { isRun, isTtl, mergedChecks, newCheck } from '../../codecs/consul/registration';
import { retried } from '../../http/dialect-calls/retried';
import type { RouteCall } from '../../http/pipeline/route-call';
import { parsed } from '../../http/request/field-errors';
import { asRead } from '../../model/batch';
import { RegistryError } from '../../model/errors';
import { InstanceDefinition } from '../../model/instance';
import type { CatalogCopies, CatalogCopy, CatalogMember } from './catalog-copy';
import { assertRunnable } from './check-runner';
import { checksApart, findCheck, findService, keptPatch, recordDefinition } from './held-checks';
import { checkKey } from './names';

/** A check that is registered apart from its service. */
export interface CheckRegistration {
  node: string;
  definition: CheckDefinition;
  runner: string | undefined;
}

/** Adds a check to a service, or to a node, or replaces it. A check that exists keeps its status and output. */
export async function registerCheck(
  call: RouteCall,
  copies: CatalogCopies,
  { node, definition, runner: gateway }: CheckRegistration,
): Promise<void> {
  const runner = gateway ?? call.surroundings.checkRunner;
  assertRunnable([definition], runner);
  const declared = newCheck(definition);
  await retried(`the check "${declared.id}"`, async () => {
    const copy = await copies.of(call);
    const member = serviceOfCheck(copy, call, node, definition.serviceId);
    if (member?.kept === undefined) return registerApart(call, copy, { node, runner, check: declared });
    const { kept, key, instance } = member;
    const apart = checksApart(copy, { ...kept, keys: [key] }).filter(({ check }) => check.id === declared.id);
    const [check = declared] = mergedChecks([...kept.checks, ...apart.map((each) => each.check)], [declared], true);
    const others = kept.checks.filter(({ id }) => id !== check.id);
    const isPart = others.length < kept.checks.length;
    const precondition = { revision: instance.revision };
    if (isTtl(check) && others.some(isTtl)) {
      const about = { serviceId: kept.id, serviceName: member.records.service.name };
      await registerApart(call, copy, { node: kept.node, ...about, runner, check });
      const changes = keptPatch(instance, { ...kept, checks: others });
      if (isPart) await call.calls.patch(call.callerWithOrigin, { key, ...changes, renew: false, precondition });
      return;
    }
    const checks = isPart ? kept.checks.map((each) => (each.id === check.id ? check : each)) : [...others, check];
    // A gateway runs only the checks that were registered through it.
    const runnerNow = isRun(check) ? runner : checks.some(isRun) ? kept.runner : undefined;
    const changes = keptPatch(instance, { ...kept, checks, runner: runnerNow });
    await call.calls.patch(call.callerWithOrigin, { key, ...changes, renew: isTtl(check), precondition });
    if (apart.length === 0) return;
    await call.calls.deregister(call.callerWithOrigin, { key: checkKey(kept.node, check.id), precondition: {} });
  });
  if (isRun(declared)) call.surroundings.checksChanged?.(call.namespace);
}

/** Returns the service that a check names; undefined for a check of the node. */
function serviceOfCheck(copy: CatalogCopy, call: RouteCall, node: string, id: string): CatalogMember | undefined {
  if (id === '') {
    if (call.may('register', NODES)) return undefined;
    throw new RegistryError(
      'FORBIDDEN',
      `a check of a node needs the scope "register" on the service "${NODES.group}@@${NODES.service}"`,
    );
  }
  const member = findService(copy, call, { node, id });
  if (member === undefined) throw REFUSALS.noService(id);
  return member;
}

/** Registers a check that is no part of an instance. */
async function registerApart(call: RouteCall, copy: CatalogCopy, nodeCheck: KeptNodeCheck): Promise<void> {
  const key = checkKey(nodeCheck.node, nodeCheck.check.id);
  const before = copy.record(key);
  const definition = apartDefinition(knownApart(copy, nodeCheck));
  const precondition = asRead(before?.instance);
  await call.calls.register(call.callerWithOrigin, { key, definition, precondition });
}

/** Returns a check that is no part of an instance, with the status and output that it already has. */
function knownApart(copy: CatalogCopy, nodeCheck: KeptNodeCheck): KeptNodeCheck {
  const before = copy.record(checkKey(nodeCheck.node, nodeCheck.check.id))?.record;
  const known: KeptCheck[] = before !== undefined && 'nodeCheck' in before ? [before.nodeCheck.check] : [];
  const [check = nodeCheck.check] = mergedChecks(known, [nodeCheck.check], true);
  return { ...nodeCheck, check };
}

/** Returns the registration of a check that is no part of an instance. */
export function apartDefinition({ runner, ...nodeCheck }: KeptNodeCheck): InstanceDefinition {
  const record = { ...nodeCheck, runner: isRun(nodeCheck.check) ? runner : undefined };
  return parsed(InstanceDefinition, recordDefinition(record), 'body');
}

/** Removes a check. @throws {RegistryError} With Consul's text if there is none. */
export async function deregisterCheck(
  call: RouteCall,
  copies: CatalogCopies,
  node: string,
  checkId: string,
): Promise<void> {
  const removed = await retried(`the check "${checkId}"`, async () =>
    removeCheck(call, await copies.of(call), node, checkId),
  );
  if (removed === undefined) throw REFUSALS.unknownCheck(checkId);
  if (isRun(removed)) call.surroundings.checksChanged?.(call.namespace);
}

/** Removes a check, if there is one. @returns The check. */
export async function removeCheck(
  call: RouteCall,
  copy: CatalogCopy,
  node: string,
  checkId: string,
): Promise<KeptCheck | undefined> {
  const held = findCheck(copy, call, { node, id: checkId });
  if (held === undefined) return undefined;
  const { key } = held;
  const precondition = { revision: held.revision };
  const changes = held.remove();
  if (changes === undefined) await call.calls.deregister(call.callerWithOrigin, { key, precondition });
  else await call.calls.patch(call.callerWithOrigin, { key, ...changes, renew: false, precondition });
  return held.check;
}
