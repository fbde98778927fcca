import {
  type CatalogCheck,
  type CatalogRegistration,
  type CatalogRemoval,
  readCatalogRegistration,
  readCatalogRemoval,
} from '../../codecs/consul/catalog';
import { storedOutput } from '../../codecs/consul/check-result';
import { type KeptCheck, type KeptNode, NODES } from '../../codecs/consul/kept';
import { parseBody } from '../../codecs/consul/members';
import { consulError } from '../../codecs/consul/refusals';
import { retried } from '../../http/dialect-calls/retried';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { readBodyText } from '../../http/request/body';
import { asRead, type Operation } from '../../model/batch';
import { RegistryError } from '../../model/errors';
import { BATCH_OPERATIONS_MAX_COUNT, BODY_MAX_BYTES } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { apartDefinition, removeCheck } from './agent-checks';
import { registeredService } from './agent-service-routes';
import { carriedOut, registration, serviceRemoval } from './agent-services';
import { jsonAnswer } from './answers';
import type { CatalogCopies, CatalogCopy } from './catalog-copy';
import { findService, keptPatch } from './held-checks';
import { keptNode, nodeOperations } from './maintenance';
import { checkKey, isSameNode, nodeKey, serviceOf } from './names';
import { consulRoute } from './routes';

/** Registers a node, and what runs on it. Checks have the status that is written. */
export async function registerInCatalog(
  call: RouteCall,
  copies: CatalogCopies,
  { node, service, checks, skipNodeUpdate }: CatalogRegistration,
): Promise<void> {
  if (service !== undefined) assertMayRegister(call, serviceOf(service.name), `the service "${service.name}"`);
  await retried(`the node "${node.name}"`, async () => {
    const copy = await copies.of(call);
    const now = call.surroundings.now();
    const known = keptNode(copy, node.name);
    const next: KeptNode = {
      name: known?.name ?? node.name,
      id: node.id,
      address: node.address,
      taggedAddresses: node.taggedAddresses,
      meta: node.meta,
      maintenance: known?.maintenance,
    };
    const isKept = known !== undefined && (skipNodeUpdate || JSON.stringify(known) === JSON.stringify(next));
    const operations: Operation[] = isKept ? [] : nodeOperations(copy, next);
    const ofNode = checks.filter(({ serviceId }) => serviceId === '');
    if (operations.length > 0 || ofNode.length > 0) assertMayRegister(call, NODES, `the node "${node.name}"`);
    for (const check of ofNode) operations.push(nodeCheckRegistration(copy, check, now));
    const isOfService = ({ serviceId }: CatalogCheck) => serviceId !== '' && serviceId === service?.id;
    if (service !== undefined) {
      const merge = (before: readonly KeptCheck[]) => written(before, checks.filter(isOfService), now);
      const address = (isKept ? known : next).address || undefined;
      const ask = { node: next.name, service, address, runner: undefined, merge, endsMaintenance: false };
      operations.push(...registration(copy, call, ask));
    }
    const others = checks.filter((check) => check.serviceId !== '' && !isOfService(check));
    const patches = [...Map.groupBy(others, ({ serviceId }) => serviceId)].map(([serviceId, group]) => {
      const member = findService(copy, call, { node: next.name, id: serviceId });
      if (member?.kept === undefined) throw consulError(400, 'Missing service registration');
      const { key, instance, kept } = member;
      const changes = keptPatch(instance, { ...kept, checks: written(kept.checks, group, now) });
      return { key, ...changes, renew: false, precondition: { revision: instance.revision } };
    });
    await carriedOut(call, operations);
    for (const patch of patches) await call.calls.patch(call.callerWithOrigin, patch);
  });
}

/** Returns checks with those that a request writes. A check that an agent has keeps its definition. */
function written(before: readonly KeptCheck[], checks: readonly CatalogCheck[], now: number): KeptCheck[] {
  const all = new Map(before.map((check) => [check.id, check]));
  for (const check of checks) all.set(check.id, writtenCheck(all.get(check.id), check, now));
  return [...all.values()];
}

function writtenCheck(before: KeptCheck | undefined, check: CatalogCheck, now: number): KeptCheck {
  const { id, name, notes, status } = check;
  const output = storedOutput(check.output);
  const isSame = before?.status === status && before.output === output && before.at !== 0;
  // Nothing reports or runs it, so that it has no kind.
  const definition = before?.definition ?? { ...check.definition, kind: '' as const };
  return { id, name, notes, status, output, at: isSame ? before.at : Math.max(1, now), definition };
}

function nodeCheckRegistration(copy: CatalogCopy, check: CatalogCheck, now: number): Operation {
  const key = checkKey(check.node, check.id);
  const known = copy.record(key);
  const before = known !== undefined && 'nodeCheck' in known.record ? known.record.nodeCheck : undefined;
  const next = writtenCheck(before?.check, check, now);
  return {
    op: 'register',
    key,
    definition: apartDefinition({ node: check.node, runner: before?.runner, check: next }),
    precondition: asRead(known?.instance),
  };
}

function assertMayRegister(call: RouteCall, service: ServiceKey, what: string): void {
  if (call.may('register', service)) return;
  const name = `${service.group}@@${service.service}`;
  throw new RegistryError('FORBIDDEN', `${what} needs a token with the scope "register" on the service "${name}"`);
}

/** Removes a service, a check or a whole node. Does nothing for one that does not exist. */
export async function removeFromCatalog(
  call: RouteCall,
  copies: CatalogCopies,
  removal: CatalogRemoval,
): Promise<void> {
  await retried(`the node "${removal.node}"`, async () => {
    const copy = await copies.of(call);
    if (removal.kind === 'service') {
      const member = findService(copy, call, { node: removal.node, id: removal.serviceId });
      if (member !== undefined) await carriedOut(call, serviceRemoval(copy, member));
    } else if (removal.kind === 'check') await removeCheck(call, copy, removal.node, removal.checkId);
    else await removeNode(call, copy, removal.node);
  });
  call.surroundings.checksChanged?.(call.namespace);
}

/** Removes a node with what runs on it. Instances of other APIs stay. */
async function removeNode(call: RouteCall, copy: CatalogCopy, node: string): Promise<void> {
  const operations: Operation[] = [];
  for (const member of copy.atAgent(node)) {
    if (!call.may('register', member.key)) {
      throw new RegistryError('FORBIDDEN', 'removing a node needs the scope "register" on all services that run on it');
    }
    operations.push(...serviceRemoval(copy, member));
  }
  const known = copy.record(nodeKey(node));
  const ofNode = copy
    .records()
    .filter(
      ({ record }) =>
        'nodeCheck' in record && record.nodeCheck.serviceId === undefined && isSameNode(record.nodeCheck.node, node),
    );
  const records = known === undefined ? ofNode : [known, ...ofNode];
  if (records.length > 0) assertMayRegister(call, NODES, `the node "${node}"`);
  for (const { instance } of records) {
    const { group, service, id, revision } = instance;
    operations.push({ op: 'deregister', key: { group, service, id }, precondition: { revision } });
  }
  for (let begin = 0; begin < operations.length; begin += BATCH_OPERATIONS_MAX_COUNT) {
    await carriedOut(call, operations.slice(begin, begin + BATCH_OPERATIONS_MAX_COUNT));
  }
}

/** Adds the changes of the catalog. Requests name several things, so that they are authorized one by one. */
export function addCatalogWriteRoutes(door: DialectDoor, copies: CatalogCopies): void {
  consulRoute(door, {
    operation: 'catalog register',
    method: 'put',
    path: '/catalog/register',
    scope: 'any',
    summary: 'Registers a node with a service and checks, without a lease',
    read: async ({ request }) => {
      const registration = readCatalogRegistration(parseBody(await readBodyText(request, BODY_MAX_BYTES)));
      if (registration.service !== undefined) registeredService(registration.service.name);
      return registration;
    },
    call: (_namespace, registration, call) => registerInCatalog(call, copies, registration),
    answer: () => jsonAnswer(true),
  });

  consulRoute(door, {
    operation: 'catalog deregister',
    method: 'put',
    path: '/catalog/deregister',
    scope: 'any',
    summary: 'Removes a service, a check or a node from the catalog',
    read: async ({ request }) => readCatalogRemoval(parseBody(await readBodyText(request, BODY_MAX_BYTES))),
    call: (_namespace, removal, call) => removeFromCatalog(call, copies, removal),
    answer: () => jsonAnswer(true),
  });
}
