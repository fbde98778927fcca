import type { NacosInstance } from '../../../codecs/nacos/instance';
import { metadataIn } from '../../../codecs/nacos/metadata-text';
import { clusterNamed, type Place, placeAt } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import { findInstance } from '../../../http/dialect-calls/find-record';
import type { RouteCall } from '../../../http/pipeline/route-call';
import type { InstanceKey } from '../../../model/batch';
import { RegistryError } from '../../../model/errors';
import { isRecord, parseJson, readJsonText } from '../../../model/json';
import type { Lease } from '../../../model/lease';
import { NACOS_BEAT_INTERVAL_DEFAULT_MS } from '../../../model/limits';
import type { NamespaceApi } from '../../../model/namespace-api';
import type { SharedChecks } from '../lists/shared-checks';
import { keyAt, namespaceOf, serviceOf } from '../wire/names';
import type { Parameters } from '../wire/parameters';
import { definitionOf, type InstanceRequest } from './instance-parameters';
import { isBeaten, leaseOf } from './lease';

/** A beat, which describes its instance or only names it. */
export interface Beat extends Omit<InstanceRequest, 'instance'> {
  /** Returns the described instance. Computed on demand, because it is hardly ever needed. */
  instance: (() => NacosInstance) | undefined;
}

/** Response to every beat, renewed or not. The Java client stops beating if the interval is missing. */
export interface BeatAnswer {
  clientBeatInterval: number;
  code: typeof BEAT_HEARD | typeof UNKNOWN_INSTANCE;
  lightBeatEnabled: true;
}

/** Code: the lease was renewed. */
const BEAT_HEARD = 10_200;
/** Code: the instance does not exist. Clients that know this code register again. */
export const UNKNOWN_INSTANCE = 20_404;

/**
 * Reads a beat. Its JSON takes precedence over the parameters, except for the service.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readBeat(parameters: Parameters): Beat {
  const namespace = namespaceOf(parameters);
  const service = serviceOf(parameters);
  const text = parameters.text('beat');
  const said = text === '' ? undefined : beatIn(text);
  const place = placeAt(
    textIn(said?.ip) || parameters.required('ip'),
    textIn(said?.port) || parameters.required('port'),
  );
  const key = keyAt(service, place);
  return { namespace, key, instance: said && (() => reportedInstance(said, place, parameters)) };
}

/** @throws {RegistryError} `INVALID_REQUEST` for a beat whose instance can't be registered. */
function reportedInstance(said: Record<string, unknown>, place: Place, parameters: Parameters): NacosInstance {
  const metadata = metadataIn(said.metadata);
  if (metadata === undefined)
    throw nacosError('INSTANCE_METADATA_ERROR', 'metadata of the beat is not an object of strings');
  const weight = Number(said.weight ?? 1);
  const cluster = clusterNamed(textIn(said.cluster) || parameters.text('clusterName'));
  const ephemeral = said.ephemeral !== false;
  return { ...place, cluster, weight, enabled: true, healthy: true, ephemeral, metadata };
}

function beatIn(text: string): Record<string, unknown> {
  let beat: unknown;
  try {
    beat = parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (isRecord(beat)) return beat;
  throw nacosError('PARAMETER_VALIDATE_ERROR', "Param 'beat' is illegal, it is not a JSON object.");
}

/** Returns the text of a member that is a string or a number; empty otherwise. */
const textIn = (member: unknown): string =>
  typeof member === 'string' ? member.trim() : typeof member === 'number' ? String(member) : '';

/**
 * Renews a lease. An unknown instance is registered from its beat, because most clients ignore the code that asks them to
 * register again. If the beat does not describe the instance, the response has that code.
 */
export async function beat(
  checks: SharedChecks,
  namespace: NamespaceApi,
  { key, instance }: Beat,
  call: RouteCall,
): Promise<BeatAnswer> {
  const beatMs = await checks.beatMsOf(namespace, call);
  try {
    const { body } = await namespace.renew(call.caller, key);
    const { lease } = readJsonText(body);
    const isOld = beatMs !== undefined && beatMs !== lease.intervalMs && isBeaten(lease);
    return heard(isOld ? await releasedFor(beatMs, namespace, key, lease, call) : lease.intervalMs);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    // The instance has no lease and needs no beats.
    if (error.code === 'CONFLICT') return heard(beatMs ?? NACOS_BEAT_INTERVAL_DEFAULT_MS);
    if (error.code !== 'INSTANCE_NOT_FOUND') throw error;
  }
  if (instance === undefined) return { ...heard(beatMs ?? NACOS_BEAT_INTERVAL_DEFAULT_MS), code: UNKNOWN_INSTANCE };
  const definition = definitionOf(instance(), beatMs);
  await namespace.register(call.callerWithOrigin, { key, definition, precondition: {} });
  return heard(definition.lease?.intervalMs ?? NACOS_BEAT_INTERVAL_DEFAULT_MS);
}

/**
 * Changes the lease of an instance to the current interval of its namespace, unless its metadata sets its own times.
 *
 * @returns Beat interval of its lease after that. A longer interval needs a longer lease first.
 */
async function releasedFor(
  beatMs: number,
  namespace: NamespaceApi,
  key: InstanceKey,
  { intervalMs }: Lease,
  call: RouteCall,
): Promise<number> {
  const view = await findInstance(namespace, key, call.tokenId);
  if (view === undefined) return intervalMs;
  const lease = leaseOf(view.metadata, beatMs);
  if (lease.intervalMs === intervalMs) return intervalMs;
  const { body } = await namespace.patch(call.callerWithOrigin, { key, patch: {}, lease, precondition: {} });
  return readJsonText(body).lease?.intervalMs ?? intervalMs;
}

const heard = (clientBeatInterval: number): BeatAnswer => ({
  clientBeatInterval,
  code: BEAT_HEARD,
  lightBeatEnabled: true,
});
