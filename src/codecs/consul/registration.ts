import { inBrackets, isAddress } from '../../model/address';
import type { Extensions, InstanceDefinitionInput, InstanceStatus, NamedPort } from '../../model/instance';
import {
  LEASE_REMOVE_AFTER_MAX_MS,
  LEASE_TTL_MAX_MS,
  LEASE_TTL_MIN_MS,
  TAGS_MAX_COUNT,
  WEIGHT_MAX,
} from '../../model/limits';
import { nameProblem } from '../../model/name-problem';
import type { CheckDefinition, CheckKind } from './check';
import { milliseconds } from './duration';
import { EXTENSION, type Kept, type KeptCheck, writeKept } from './kept';
import { consulError } from './refusals';
import type { ServiceDefinition } from './service';

/** Shortest time that a check may be critical before its service is removed. Source: `agent/agent.go`. */
const DEREGISTER_LEAST_MS = 60_000;

/** Intervals of a check that its runner may miss before the check counts as critical, and the least such time. */
const RUNNER_INTERVALS = 3;
const RUNNER_LEAST_MS = 30_000;

/** Kinds of checks that a program runs. Clients report those of the kind `ttl`; nothing changes those without a kind. */
export const RUN_KINDS: readonly CheckKind[] = ['http', 'tcp', 'grpc'];

/** Terms of a lease, as a registration requests them. */
export interface LeaseTerms {
  ttlMs: number;
  removeAfterMs: number | null;
}

/** Reports whether clients must report a check in time. */
export const isTtl = ({ definition }: KeptCheck): boolean => definition?.kind === 'ttl';

/** Reports whether a program runs a check. */
export const isRun = ({ definition }: KeptCheck): boolean =>
  definition !== undefined && RUN_KINDS.includes(definition.kind);

/** Returns a check that is registered now: critical until its first result, unless it names another status. */
export function newCheck(definition: CheckDefinition): KeptCheck {
  const { id, name, notes, status } = definition;
  return { id, name, notes, status: status === '' ? 'critical' : status, output: '', at: 0, definition };
}

/**
 * Returns the checks of a service that is registered again. A check that it already had keeps its status and output, but has
 * not been critical for any time yet. One that the registration does not mention stays, unless it replaces all.
 */
export function mergedChecks(
  before: readonly KeptCheck[],
  declared: readonly KeptCheck[],
  replaces: boolean,
): KeptCheck[] {
  const known = new Map(before.map((check) => [check.id, check]));
  // Of several with one id, the last one counts.
  const unique = [...new Map(declared.map((check) => [check.id, check])).values()];
  const merged = unique.map((check) => {
    const { status, output, at } = known.get(check.id) ?? check;
    return { ...check, status, output, at: status === 'critical' ? 0 : at };
  });
  const ids = new Set(unique.map(({ id }) => id));
  return replaces ? merged : [...merged, ...before.filter(({ id }) => !ids.has(id))];
}

/**
 * Returns the terms of the lease that checks need; undefined if none of them has to be reported or run. A TTL check is the
 * lease itself. Without TTL, the program that runs the checks renews it.
 *
 * While a check is critical that removes its instance, the lease is the time to the removal, and nothing renews it.
 */
export function leaseOf(checks: readonly KeptCheck[]): LeaseTerms | undefined {
  const leading = checks.find(isTtl) ?? checks.find(isRun);
  if (leading?.definition === undefined) return undefined;
  const counted = shortestRemovalMs(checks.filter(isFailing));
  if (counted !== undefined) return { ttlMs: Math.min(counted, LEASE_TTL_MAX_MS), removeAfterMs: counted };
  const { ttl, interval } = leading.definition;
  const asked = isTtl(leading)
    ? milliseconds(ttl)
    : Math.max(RUNNER_LEAST_MS, RUNNER_INTERVALS * milliseconds(interval));
  const ttlMs = Math.min(Math.max(asked, LEASE_TTL_MIN_MS), LEASE_TTL_MAX_MS);
  // If the lease runs out, these checks turn critical.
  const after = shortestRemovalMs(isTtl(leading) ? [leading] : checks.filter(isRun));
  const removeAfterMs = after === undefined ? null : Math.min(ttlMs + after, LEASE_REMOVE_AFTER_MAX_MS);
  return { ttlMs, removeAfterMs };
}

/** Reports whether a check was reported critical. The status with which it is registered does not count. */
const isFailing = ({ status, at }: KeptCheck): boolean => status === 'critical' && at !== 0;

/** Reports whether checks are about to remove their instance, so that its lease must not be renewed. */
export const isBeingRemoved = (checks: readonly KeptCheck[]): boolean =>
  shortestRemovalMs(checks.filter(isFailing)) !== undefined;

/** Returns the shortest time after which checks, once critical, remove their instance; undefined if none does. */
function shortestRemovalMs(checks: readonly KeptCheck[]): number | undefined {
  const times = checks.flatMap(({ definition }) =>
    definition === undefined || definition.deregisterAfter <= 0 ? [] : [milliseconds(definition.deregisterAfter)],
  );
  if (times.length === 0) return undefined;
  return Math.min(Math.max(DEREGISTER_LEAST_MS, Math.min(...times)), LEASE_REMOVE_AFTER_MAX_MS);
}

/** Returns the status that other APIs show: that of the worst check. A check without a result yet is starting. */
export function statusOf({ checks, maintenance }: Pick<Kept, 'checks' | 'maintenance'>): InstanceStatus {
  if (maintenance !== undefined) return 'out-of-service';
  const critical = checks.filter(({ status }) => status === 'critical');
  if (critical.length === 0) return 'up';
  return critical.every(({ at }) => at === 0) ? 'starting' : 'down';
}

/** Where an instance is registered. */
export interface Place {
  node: string;
  /** Address of an instance that names none: that of its node or its client; undefined: unknown. */
  address: string | undefined;
  runner: string | undefined;
}

/** A registration of the core, whose schema has no types for members with any keys. */
interface CoreRegistration extends InstanceDefinitionInput {
  ports?: Record<string, NamedPort>;
  extensions: Extensions;
}

/**
 * Maps a service to a registration of the core. The schema of definitions validates it.
 *
 * @param hasLease False: its checks are not reported here, but keep their status.
 * @throws {RegistryError} `INVALID_REQUEST` for a service that no client could reach.
 */
export function registrationOf(
  service: ServiceDefinition,
  { checks, maintenance, ...others }: Pick<Kept, 'checks' | 'maintenance' | 'copied'>,
  place: Place,
  hasLease = true,
): CoreRegistration {
  const address = service.address === '' ? place.address : service.address;
  if (address === undefined) {
    throw consulError(
      400,
      'Invalid service address: the service has none, and that of its node is not known; set Address',
    );
  }
  if (!isAddress(address))
    throw consulError(400, `Invalid service address: ${JSON.stringify(address)} is no host or IP`);
  const tags = [...new Set(service.tags)].filter(isTag).slice(0, TAGS_MAX_COUNT);
  const kept: Kept = {
    ...others,
    id: service.id,
    node: place.node,
    address: service.address === address ? undefined : service.address,
    tags: isSame(tags, service.tags) ? undefined : service.tags,
    taggedAddresses: Object.keys(service.taggedAddresses).length === 0 ? undefined : service.taggedAddresses,
    weights: service.weights.passing === 1 && service.weights.warning === 1 ? undefined : service.weights,
    enableTagOverride: service.enableTagOverride ? true : undefined,
    kind: service.kind === '' ? undefined : service.kind,
    socketPath: service.socketPath === '' ? undefined : service.socketPath,
    proxy: service.proxy,
    connect: service.connect,
    locality: service.locality,
    maintenance,
    runner: checks.some(isRun) ? place.runner : undefined,
    checks,
  };
  const lease = hasLease ? leaseOf(checks) : undefined;
  return {
    address,
    ...(service.port === 0 ? { url: `tcp://${inBrackets(address)}` } : { port: service.port }),
    ...securePort(service),
    // The extension has it, too, whatever its length.
    ...(nameProblem(place.node) === undefined ? { node: place.node } : {}),
    weight: Math.min(service.weights.passing, WEIGHT_MAX),
    status: statusOf(kept),
    metadata: service.meta,
    tags,
    ...(lease === undefined ? { ephemeral: false } : { lease }),
    extensions: { [EXTENSION]: writeKept(kept) },
  };
}

/** Reports whether the core accepts a tag. */
const isTag = (tag: string): boolean => nameProblem(tag) === undefined;

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, index) => each === b[index]);

/** Returns the address `secure`, which instances of other APIs have for their TLS port, as a port. */
function securePort({ taggedAddresses: { secure }, port }: ServiceDefinition): Pick<CoreRegistration, 'ports'> {
  if (secure === undefined || secure.port === port || secure.port === 0) return {};
  return { ports: { secure: { port: secure.port, secure: true } } };
}
