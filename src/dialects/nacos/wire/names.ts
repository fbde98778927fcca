import {
  clusterNamed,
  groupNamed,
  instanceAt,
  namespaceNamed,
  type Place,
  placeAt,
  serviceNamed,
} from '../../../codecs/nacos/names';
import { parsed } from '../../../http/request/field-errors';
import { InstanceKey } from '../../../model/batch';
import { isPlainName } from '../../../model/names';
import type { ServiceKey } from '../../../model/namespace-api';
import type { Parameters } from './parameters';

/** Reads the namespace of a request: that of its access token, or its own; undefined if neither names one. */
export function namespaceOf(parameters: Parameters): string | undefined {
  if (parameters.namespaceOfToken !== undefined) return parameters.namespaceOfToken;
  const text = parameters.text('namespaceId');
  return text === '' ? undefined : namespaceNamed(text);
}

/** Reads a service: `group@@service`, or a name and a group, `DEFAULT_GROUP` by default, in separate parameters. */
export function serviceOf(parameters: Parameters): ServiceKey {
  return serviceNamed(parameters.required('serviceName'), parameters.text('groupName'));
}

/** Reads the group of a request about all services of a group. */
export const groupOf = (parameters: Parameters): string => groupNamed(parameters.text('groupName'));

/** Reads the cluster of an instance. */
export function clusterOf(parameters: Parameters): string {
  return clusterNamed(parameters.text('clusterName') || parameters.text('cluster'));
}

/** Reads the place of an instance. @throws {RegistryError} `INVALID_REQUEST` for an invalid address or port. */
export function placeOf(parameters: Parameters): Place {
  return placeAt(parameters.required('ip'), parameters.required('port'));
}

/**
 * Returns the key of a service's instance at a place.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for a name that only Nacos allows.
 */
export function keyAt(service: ServiceKey, place: Place): InstanceKey {
  const key = instanceAt(service, place);
  return isPlainName(service.group) && isPlainName(service.service) ? key : parsed(InstanceKey, key, 'query');
}
