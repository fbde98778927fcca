import { EXTENSION, type KeptCheck, type KeptNodeCheck } from '../../codecs/consul/kept';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import { isRun, isTtl, mergedChecks, newCheck, registrationOf } from '../../codecs/consul/registration';
import type { ServiceDefinition, ServiceRegistration } from '../../codecs/consul/service';
import { retried } from '../../http/dialect-calls/retried';
import type { RouteCall } from '../../http/pipeline/route-call';
import { parsed } from '../../http/request/field-errors';
import { asRead, type InstanceKey, type Operation, type Precondition } from '../../model/batch';
import { type Extensions, InstanceDefinition } from '../../model/instance';
import { isRecord } from '../../model/json';
import { CONSUL_CHECKS_MAX_COUNT, EXTENSIONS_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import { plainDefinition } from '../../model/plain-definition';
import { shortName } from '../../model/service-name';
import { apartDefinition } from './agent-checks';
import type { CatalogCopies, CatalogCopy, CatalogMember } from './catalog-copy';
import { assertRunnable } from './check-runner';
import { type AgentId, checksApart, findService } from './held-checks';
import { checkKey, instanceKey, isSameNode, serviceOf } from './names';

/** A registration of a service at the agent of a node. */
export interface ServiceAtAgent {
  node: string;
  service: ServiceRegistration;
  /** True: existing checks that the registration does not mention are removed. */
  replacesChecks: boolean;
  runner: string | undefined;
}

/** Registers a service with its checks, as one revision; or none if nothing differs. */
export async function registerService(call: RouteCall, copies: CatalogCopies, ask: ServiceAtAgent): Promise<void> {
  const { service } = ask;
  const runner = ask.runner ?? call.surroundings.checkRunner;
  assertRunnable(service.checks, runner);
  const declared = service.checks.map(newCheck);
  await retried(`the service "${service.id}"`, async () => {
    const copy = await copies.of(call);
    const { node, replacesChecks } = ask;
    const address = copy.nodes.find(node)?.address || call.callerWithOrigin.address;
    const merge = (known: readonly KeptCheck[]) => mergedChecks(known, declared, replacesChecks);
    const endsMaintenance = replacesChecks;
    await carriedOut(call, registration(copy, call, { node, service, address, runner, merge, endsMaintenance }));
  });
  if (declared.some(isRun)) call.surroundings.checksChanged?.(call.namespace);
}

/** A registration, and the rules by which it changes an existing one. */
interface Registering {
  node: string;
  service: ServiceDefinition;
  /** Address of the node. */
  address: string | undefined;
  /** Program that runs checks. */
  runner: string | undefined;
  /** Returns the checks that the service has afterwards. */
  merge(known: readonly KeptCheck[]): KeptCheck[];
  endsMaintenance: boolean;
}

/** Returns the operations of a registration, the instance first. */
export function registration(copy: CatalogCopy, call: RouteCall, ask: Registering): Operation[] {
  const { node, service, address, runner } = ask;
  const key = instanceKey(service.name, service.id, node);
  const before = findService(copy, call, { node, id: service.id });
  const precondition = keyCondition(copy, key, ask);
  const apart = checksApart(copy, { node, id: service.id, keys: before === undefined ? [key] : [key, before.key] });
  const known = [...(before?.kept?.checks ?? []), ...apart.map(({ check }) => check)];
  const checks = ask.merge(known);
  if (checks.length > CONSUL_CHECKS_MAX_COUNT) {
    throw consulError(
      400,
      `a service has at most ${CONSUL_CHECKS_MAX_COUNT} checks, and this one would have ${checks.length}`,
    );
  }
  // The first TTL check is the lease of the instance.
  const leading = checks.find(isTtl);
  const isFurther = (check: KeptCheck) => isTtl(check) && check !== leading;
  const definition = registrationOf(
    service,
    {
      checks: checks.filter((check) => !isFurther(check)),
      maintenance: ask.endsMaintenance ? undefined : before?.kept?.maintenance,
    },
    { node, address, runner: runner ?? before?.kept?.runner },
  );
  const isMoved = before !== undefined && !isSameKey(before.key, key);
  return [
    {
      op: 'register',
      key,
      definition: definitionOf(definition),
      precondition,
    },
    ...(isMoved ? [removal(before)] : []),
    ...furtherChecks(copy, { node, service, further: checks.filter(isFurther), before: apart, runner }),
  ];
}

/** Matches what JSON text escapes, such as half of a surrogate pair, which the schema refuses. */
const ESCAPED = /\\u/;

/** Validates a registration. Nearly all are plain except for the extension, and the schema takes as long as everything else. */
function definitionOf(registration: ReturnType<typeof registrationOf>): InstanceDefinition {
  const { extensions, ports, ...plain } = registration;
  const definition = ports === undefined ? plainDefinition(plain) : undefined;
  if (definition !== undefined && !hasMesh(extensions)) {
    const text = JSON.stringify(extensions);
    if (!ESCAPED.test(text) && utf8Length(text) <= EXTENSIONS_MAX_BYTES) return { ...definition, extensions };
  }
  return parsed(InstanceDefinition, registration, 'body');
}

/** Reports whether an extension has members of the mesh, which may be any JSON. */
function hasMesh({ [EXTENSION]: kept }: Extensions): boolean {
  return isRecord(kept) && ['proxy', 'connect', 'locality'].some((member) => member in kept);
}

/** Checks of a service that are no part of its instance. */
interface FurtherChecks {
  node: string;
  service: ServiceDefinition;
  further: readonly KeptCheck[];
  before: readonly KeptNodeCheck[];
  runner: string | undefined;
}

/** Returns the operations that register the further checks of a service, and remove those that it no longer has. */
function furtherChecks(copy: CatalogCopy, { node, service, further, before, runner }: FurtherChecks): Operation[] {
  const about = { node, serviceId: service.id, serviceName: shortName(serviceOf(service.name)), runner };
  const registered = further.map((check): Operation => {
    const key = checkKey(node, check.id);
    const known = copy.record(key);
    const precondition = asRead(known?.instance);
    return { op: 'register', key, definition: apartDefinition({ ...about, check }), precondition };
  });
  const gone = before.filter(({ check }) => further.every(({ id }) => id !== check.id));
  return [...registered, ...gone.map(({ check }) => deregistration(checkKey(node, check.id)))];
}

/**
 * Returns the condition under which a registration has its key. The instance there may differ from the one that is found by
 * the id: the token may have registered the id under two names at once.
 *
 * @throws {RegistryError} For a key that an instance of another API, of a mirror, or of another service id has.
 */
function keyCondition(copy: CatalogCopy, key: InstanceKey, { node, service }: Registering): Precondition {
  const there = copy.member(key);
  if (there === undefined) return { absent: true };
  const { kept, instance } = there;
  const isOwn = kept?.id === service.id && isSameNode(kept.node, node);
  if (isOwn && !kept.copied) return { revision: instance.revision };
  const name = JSON.stringify(service.name);
  const why =
    kept === undefined
      ? 'was registered through another API, and is not replaced; use another ID, or remove it there'
      : kept.copied
        ? 'is a copy that a mirror keeps; use another ID'
        : `is ${JSON.stringify(kept.id)} of the node ${JSON.stringify(kept.node)}; use another ID`;
  throw consulError(400, `the instance "${key.id}" of the service ${name} ${why}`);
}

/** Removes a service with its checks. @throws {RegistryError} With Consul's text if there is none. */
export async function deregisterService(call: RouteCall, copies: CatalogCopies, service: AgentId): Promise<void> {
  let wasRun = false;
  await retried(`the service "${service.id}"`, async () => {
    const copy = await copies.of(call);
    const member = findService(copy, call, service);
    if (member === undefined) throw REFUSALS.unknownService(service.id);
    wasRun = member.kept?.runner !== undefined;
    await carriedOut(call, serviceRemoval(copy, member));
  });
  if (wasRun) call.surroundings.checksChanged?.(call.namespace);
}

/** Returns the operations that remove an instance with its checks. */
export function serviceRemoval(copy: CatalogCopy, member: CatalogMember): Operation[] {
  const { kept } = member;
  const apart = kept === undefined ? [] : checksApart(copy, { ...kept, keys: [member.key] });
  return [removal(member), ...apart.map(({ node, check }) => deregistration(checkKey(node, check.id)))];
}

const removal = ({ key, instance }: CatalogMember): Operation => ({
  op: 'deregister',
  key,
  precondition: { revision: instance.revision },
});

const deregistration = (key: InstanceKey): Operation => ({ op: 'deregister', key, precondition: {} });

/** Carries out operations as one revision. */
export async function carriedOut(call: RouteCall, operations: readonly Operation[]): Promise<void> {
  const [single, ...others] = operations;
  if (single === undefined) return;
  const { calls, callerWithOrigin } = call;
  // A call for one instance costs less than a batch.
  if (others.length > 0) await calls.batch(callerWithOrigin, [...operations]);
  else if (single.op === 'register') await calls.register(callerWithOrigin, single);
  else if (single.op === 'deregister') await calls.deregister(callerWithOrigin, single);
  else await calls.batch(callerWithOrigin, [single]);
}

const isSameKey = (a: InstanceKey, b: InstanceKey): boolean =>
  a.group === b.group && a.service === b.service && a.id === b.id;
