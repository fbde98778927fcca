import { isAddress } from '../../model/address';
import { quote, RegistryError } from '../../model/errors';
import type { InstanceDefinition } from '../../model/instance';
import { LEASE_TTL_MAX_MS } from '../../model/limits';
import { type DataCenter, KEPT_TEXTS, type WrittenInfo } from './info';
import { EXTENSION, type Kept } from './kept';
import { corePorts, samePort, shownPorts } from './ports';
import { coreStatus, type EurekaStatus } from './status';

/** Default data center, which is not stored. */
export const MY_OWN: DataCenter = { name: 'MyOwn' };

/** An instance of Eureka as the core registers it, in three parts. It is not validated by a schema yet. */
export interface Registration extends Pick<InstanceDefinition, 'ports'> {
  /** Members of a definition that nearly all instances have, through any API. */
  plain: Pick<InstanceDefinition, 'port' | 'status' | 'metadata'> & {
    /** Empty if the instance has no host name. */
    node: string;
    address: string;
    lease: { ttlMs: number; removeAfterMs: number; firstRemoveAfterMs: number; intervalMs?: number };
  };
  extensions: { [EXTENSION]: Kept };
}

/**
 * Maps an instance of Eureka to a registration of the core.
 *
 * @param status Status in effect; the status that the instance reports is stored in the extension.
 * @throws {RegistryError} `INVALID_REQUEST` for an instance without a valid address or port.
 */
export function registrationOf(info: WrittenInfo, status: EurekaStatus): Registration {
  const address = [info.ipAddr, info.hostName].find(isAddress);
  if (address === undefined) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `neither ipAddr (${quote(info.ipAddr)}) nor hostName (${quote(info.hostName)}) is an address`,
    );
  }
  const { port, ports } = corePorts(info);
  const ttlMs = Math.min(info.durationInSecs * 1_000, LEASE_TTL_MAX_MS);
  const intervalMs = info.renewalIntervalInSecs * 1_000;
  const shown = shownPorts({ port, ports, url: undefined });
  const kept: Kept = {
    ...Object.fromEntries(KEPT_TEXTS.flatMap((name) => (info[name] === undefined ? [] : [[name, info[name]]]))),
    ...(info.ipAddr === address ? {} : { ipAddr: info.ipAddr }),
    ...(info.sid === undefined ? {} : { sid: info.sid }),
    status: info.status,
    ...(samePort(shown.port, info.port) ? {} : { port: info.port }),
    ...(samePort(shown.securePort, info.securePort) ? {} : { securePort: info.securePort }),
    ...(info.countryId === 1 ? {} : { countryId: info.countryId }),
    ...(info.dataCenter.name === MY_OWN.name ? {} : { dataCenter: info.dataCenter }),
    ...(intervalMs > ttlMs ? { renewalIntervalInSecs: info.renewalIntervalInSecs } : {}),
    ...(info.lastDirtyTimestamp === undefined ? {} : { lastDirtyTimestamp: info.lastDirtyTimestamp }),
  };
  return {
    plain: {
      node: info.hostName,
      address,
      port,
      status: coreStatus(status),
      metadata: info.metadata,
      // Eureka removes an instance after twice its duration if it has renewed at least once, and otherwise after once.
      lease: {
        ttlMs,
        removeAfterMs: 2 * ttlMs,
        firstRemoveAfterMs: ttlMs,
        ...(intervalMs > ttlMs ? {} : { intervalMs }),
      },
    },
    ports,
    extensions: { [EXTENSION]: kept },
  };
}
