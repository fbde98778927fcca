import { mappedInstance, type NacosInstance } from '../../../codecs/nacos/instance';
import { readMetadata } from '../../../codecs/nacos/metadata-text';
import type { Place } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import { parsed } from '../../../http/request/field-errors';
import type { InstanceKey } from '../../../model/batch';
import { InstanceDefinition } from '../../../model/instance';
import { WEIGHT_MAX } from '../../../model/limits';
import { clusterOf, keyAt, placeOf, serviceOf } from '../wire/names';
import type { Parameters } from '../wire/parameters';
import { leaseOf } from './lease';

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
export const keyOf = (parameters: Parameters, place: Place): InstanceKey => keyAt(serviceOf(parameters), place);

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
 * Maps an instance to a registration of the core.
 *
 * @param beatMs See {@link leaseOf}.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function definitionOf(instance: NacosInstance, beatMs?: number) {
  const lease = instance.ephemeral ? { lease: leaseOf(instance.metadata, beatMs) } : {};
  return parsed(InstanceDefinition, { ...mappedInstance(instance), ...lease }, 'query');
}
