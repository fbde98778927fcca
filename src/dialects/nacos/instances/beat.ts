import { findInstance } from '../../../http/dialect-calls/find-record';
import type { RouteCall } from '../../../http/pipeline/route-call';
import type { InstanceKey } from '../../../model/batch';
import { RegistryError } from '../../../model/errors';
import { isRecord, parseJson, readJsonText } from '../../../model/json';
import type { Lease } from '../../../model/lease';
import { NACOS_BEAT_INTERVAL_DEFAULT_MS } from '../../../model/limits';
import type { NamespaceApi } from '../../../model/namespace-api';
import type { SharedChecks } from '../lists/shared-checks';
import { metadataIn } from '../wire/metadata-text';
import { clusterNamed, instanceAt, namespaceOf, type Place, placeAt, serviceOf } from '../wire/names';
import type { Parameters } from '../wire/parameters';
import { nacosError } from '../wire/refusals';
import { definitionOf, type InstanceAsked, type NacosInstance } from './instance-parameters';
import { isBeaten, leaseOf } from './lease';

/** A beat: of an instance that it describes, or of one that it only names. */
export interface Beat extends Omit<InstanceAsked, 'instance'> {
  /** The instance that it describes, made when it is needed: hardly ever. */
  instance: (() => NacosInstance) | undefined;
}

/** The answer to every beat, renewed or not. Java's client stops beating where the interval is missing. */
export interface BeatAnswer {
  clientBeatInterval: number;
  code: typeof BEAT_HEARD | typeof UNKNOWN_INSTANCE;
  lightBeatEnabled: true;
}

/** The lease is renewed. */
const BEAT_HEARD = 10_200;
/** There is no such instance: clients that know this code register again. */
export const UNKNOWN_INSTANCE = 20_404;

/**
 * Reads a beat. What its JSON says goes before the parameters; the service is the one of the parameters.
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
  const key = instanceAt(service, place);
  return { namespace, key, instance: said && (() => instanceSaid(said, place, parameters)) };
}

/** @throws {RegistryError} `INVALID_REQUEST` for a beat that describes nothing that could be registered. */
function instanceSaid(said: Record<string, unknown>, place: Place, parameters: Parameters): NacosInstance {
  const metadata = metadataIn(said.metadata);
  if (metadata === undefined) throw nacosError('INSTANCE_METADATA_ERROR', 'metadata of the beat is no object of texts');
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
  throw nacosError('PARAMETER_VALIDATE_ERROR', "Param 'beat' is illegal, it is no JSON object.");
}

/** A member that is a text or a number; empty where it is absent. */
const textIn = (member: unknown): string =>
  typeof member === 'string' ? member.trim() : typeof member === 'number' ? String(member) : '';

/**
 * Renews a lease. An instance that is unknown is registered from its beat, as most clients take no notice of the code
 * that would tell them to; where the beat does not describe it, it is told.
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
    // It has no lease, and needs no beats.
    if (error.code === 'CONFLICT') return heard(beatMs ?? NACOS_BEAT_INTERVAL_DEFAULT_MS);
    if (error.code !== 'INSTANCE_NOT_FOUND') throw error;
  }
  if (instance === undefined) return { ...heard(beatMs ?? NACOS_BEAT_INTERVAL_DEFAULT_MS), code: UNKNOWN_INSTANCE };
  const definition = definitionOf(instance(), beatMs);
  await namespace.register(call.callerWithOrigin, { key, definition, precondition: {} });
  return heard(definition.lease?.intervalMs ?? NACOS_BEAT_INTERVAL_DEFAULT_MS);
}

/**
 * Changes the lease of an instance to the interval that its namespace hands out now, unless it sets its own times.
 *
 * @returns How often it has to beat by the lease that it has then: a longer interval comes with a longer lease only.
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
