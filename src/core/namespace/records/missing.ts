import type { InstanceKey } from '../../../model/batch';
import { quote, RegistryError } from '../../../model/errors';
import type { ServiceKey } from '../../../model/namespace-api';
import type { Catalog, InstanceEntry } from './catalog';

/** For a namespace that is not there. */
export function missingNamespace(): RegistryError {
  return new RegistryError(
    'NAMESPACE_NOT_FOUND',
    'there is no such namespace, or it has been deleted; create it, or check its name',
  );
}

/**
 * For an instance of which neither the present nor the kept past knows.
 *
 * @param restoredAt When the namespace was put in the place of another: that one may have known it.
 */
export function unknownInstance(key: InstanceKey, restoredAt: string | undefined): RegistryError {
  if (restoredAt === undefined) return missingInstance(key);
  const { group, service, id } = key;
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `nothing is known of an instance ${quote(id)} of service ${quote(service)} in group ${quote(group)}; this namespace ` +
      `was restored at ${restoredAt}, and what it forgot by that is not known`,
  );
}

export function missingInstance({ group, service, id }: InstanceKey): RegistryError {
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `there is no instance ${quote(id)} of service ${quote(service)} in group ${quote(group)}; if it is yours, register it again`,
  );
}

export function missingService({ group, service }: ServiceKey): RegistryError {
  return new RegistryError(
    'SERVICE_NOT_FOUND',
    `there is no service ${quote(service)} in group ${quote(group)}; it comes to be with its first instance, or by PUT`,
  );
}

export function missingOverride({ service, id }: InstanceKey): RegistryError {
  return new RegistryError(
    'INSTANCE_NOT_FOUND',
    `nothing is overridden of an instance ${quote(id)} of service ${quote(service)}; PUT an override to set something`,
  );
}

/** The entry of an instance that must be there. */
export function requireInstance(catalog: Catalog, key: InstanceKey): InstanceEntry {
  const entry = catalog.instance(key);
  if (entry === undefined) throw missingInstance(key);
  return entry;
}
