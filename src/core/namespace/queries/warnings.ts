import { quote } from '../../../model/errors';
import type { InstanceDefinition, Warning } from '../../../model/instance';
import { DUPLICATE_ADDRESS_SCAN_MAX_COUNT } from '../../../model/limits';
import type { Caller } from '../../../model/namespace-api';
import type { ServiceEntry } from '../records/catalog';
import { addressMatcher } from '../records/records';

const LOOPBACK = /^(127\.|::1$|localhost\.?$)/i;
const LINK_LOCAL = /^(169\.254\.|fe[89ab][0-9a-f]:)/i;
const IP_ADDRESS = /^[0-9.]+$|:/;

/**
 * What looks like a mistake in a registration. Duplicates are looked for in services of up to 100 instances: beyond, a
 * registration would pay for a glance at each of them.
 */
export function warningsFor(
  id: string,
  definition: InstanceDefinition,
  service: ServiceEntry,
  caller: Caller,
): Warning[] {
  const { address, port } = definition;
  if (address === undefined) return [];
  const warnings: Warning[] = [];
  if (LOOPBACK.test(address)) {
    warnings.push({ code: 'LOOPBACK_ADDRESS', message: `${address} reaches only the machine that asks` });
  } else if (LINK_LOCAL.test(address)) {
    warnings.push({ code: 'LINK_LOCAL_ADDRESS', message: `${address} reaches only the same network link` });
  } else if (caller.address !== undefined && IP_ADDRESS.test(address) && caller.address !== address) {
    const message = `the registration came from ${caller.address}, but names ${address}`;
    warnings.push({ code: 'FOREIGN_ADDRESS', message });
  }
  const other = sharesAddress(id, address, port, service);
  if (other !== undefined) {
    const message = `instance ${quote(other)} of this service has the same address and port`;
    warnings.push({ code: 'DUPLICATE_ADDRESS', message });
  }
  return warnings;
}

function sharesAddress(
  id: string,
  address: string,
  port: number | undefined,
  service: ServiceEntry,
): string | undefined {
  if (service.instances.size > DUPLICATE_ADDRESS_SCAN_MAX_COUNT) return undefined;
  const hasAddress = addressMatcher(address, port);
  for (const entry of service.instances.values()) {
    if (entry.id !== id && hasAddress(entry.text)) return entry.id;
  }
  return undefined;
}
