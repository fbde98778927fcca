import { parsed } from '../../../http/request/field-errors';
import type { InstanceKey } from '../../../model/batch';
import { InstanceDefinition } from '../../../model/instance';
import { WEIGHT_MAX } from '../../../model/limits';
import type { Metadata } from '../../../model/metadata';
import { readMetadata } from '../wire/metadata-text';
import { clusterOf, instanceAt, type Place, placeOf, serviceOf } from '../wire/names';
import type { Parameters } from '../wire/parameters';
import { nacosError } from '../wire/refusals';
import { leaseOf } from './lease';

/** An instance as a Nacos client describes it. */
export interface NacosInstance extends Place {
  cluster: string;
  weight: number;
  /** False: no traffic, by its own request or an operator's. */
  enabled: boolean;
  /** Initial health. Afterwards, beats determine that of an ephemeral instance. */
  healthy: boolean;
  ephemeral: boolean;
  metadata: Metadata;
}

/** An instance in a request, and its key. */
export interface InstanceRequest {
  namespace: string | undefined;
  key: InstanceKey;
  instance: NacosInstance;
}

/** Reads the parameters of v1 that describe an instance. */
export function readInstance(parameters: Parameters): NacosInstance {
  return {
    ...placeOf(parameters),
    cluster: clusterOf(parameters),
    weight: weightOf(parameters) ?? 1,
    enabled: enabledOf(parameters) ?? true,
    healthy: parameters.flag('healthy') ?? true,
    ephemeral: parameters.flag('ephemeral') ?? true,
    metadata: readMetadata(parameters.text('metadata')),
  };
}

/** Returns the key of the instance at a place, in the service that parameters name. */
export const keyOf = (parameters: Parameters, place: Place): InstanceKey => instanceAt(serviceOf(parameters), place);

/** Reads `enabled`, or `enable`: clients send `enable` to register and `enabled` to change, and some one for both. */
export const enabledOf = (parameters: Parameters): boolean | undefined =>
  parameters.flag('enabled') ?? parameters.flag('enable');

/** Reads the weight; undefined if it is absent. @throws {RegistryError} `INVALID_REQUEST`. */
export function weightOf(parameters: Parameters): number | undefined {
  const text = parameters.text('weight');
  if (text === '') return undefined;
  const weight = Number(text);
  if (weight >= 0 && weight <= WEIGHT_MAX) return weight;
  throw nacosError('WEIGHT_ERROR', 'instance format invalid: The weights range from 0.0 to 10000.0');
}

/**
 * Maps an instance to a registration of the core. A disabled one is out of service; an unhealthy one without beats is down.
 *
 * @param beatMs See {@link leaseOf}.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function definitionOf(instance: NacosInstance, beatMs?: number) {
  const { ip, port, cluster, weight, enabled, healthy, ephemeral, metadata } = instance;
  const status = !enabled ? 'out-of-service' : !healthy && !ephemeral ? 'down' : 'up';
  const input = {
    address: ip,
    port,
    cluster,
    weight,
    status,
    ephemeral,
    metadata,
    ...(ephemeral ? { lease: leaseOf(metadata, beatMs) } : {}),
  };
  return parsed(InstanceDefinition, input, 'query');
}
