import { hostOfUrl } from '../../model/address';
import type { InstanceView } from '../../model/instance';
import { shortName } from '../../model/service-name';
import { appOf } from './app-names';
import type { DataCenter, EurekaPort, KeptText } from './info';
import { EXTENSION, type Kept, readKept } from './kept';
import { shownPorts } from './ports';
import { MY_OWN } from './registration';
import { type EurekaStatus, shownStatus, statedStatus } from './status';

/** An instance as Eureka's clients see it, whichever API registered it. */
export interface ShownInfo extends Partial<Record<KeptText, string>> {
  instanceId: string;
  hostName: string;
  app: string;
  ipAddr: string;
  sid?: string | undefined;
  status: EurekaStatus;
  overriddenStatus: EurekaStatus;
  port: EurekaPort;
  securePort: EurekaPort;
  countryId: number;
  dataCenter: DataCenter;
  renewalIntervalInSecs: number;
  durationInSecs: number;
  metadata: Record<string, string>;
  /** Milliseconds since the epoch, like the next two. */
  registrationTimestamp: number;
  lastUpdatedTimestamp: number;
  lastDirtyTimestamp: number;
}

/** Lease that is shown for an instance without one: the default of Eureka's clients. */
const NO_LEASE = { renewalIntervalInSecs: 30, durationInSecs: 90 } as const;

const isIp = (text: string): boolean => /^[\d.]+$|:/.test(text);

/** Returns the Eureka data of an instance; undefined if another API registered it. */
export function keptBy(instance: InstanceView): Kept | undefined {
  return readKept(instance.extensions[EXTENSION]);
}

/** Returns the status that an instance reports; undefined if an override may hide it. */
export function ownStatus(instance: InstanceView): EurekaStatus | undefined {
  return keptBy(instance)?.status ?? (instance.overridden ? undefined : statedStatus(instance));
}

/** Maps an instance to the form that Eureka's clients see. */
export function infoOf(instance: InstanceView): ShownInfo {
  const kept = keptBy(instance);
  return {
    ...coreInfo(instance, kept !== undefined),
    ...(kept === undefined ? foreignInfo(instance) : keptInfo(instance, kept)),
  };
}

/** Returns the part that the core knows of every instance. */
function coreInfo(instance: InstanceView, isEureka: boolean) {
  const { lease } = instance;
  const status = shownStatus(instance, isEureka);
  return {
    instanceId: instance.id,
    app: appOf(instance),
    status,
    overriddenStatus: instance.overridden && status === 'OUT_OF_SERVICE' ? status : ('UNKNOWN' as const),
    countryId: 1,
    dataCenter: MY_OWN,
    ...(lease === null
      ? NO_LEASE
      : { renewalIntervalInSecs: Math.ceil(lease.intervalMs / 1_000), durationInSecs: Math.ceil(lease.ttlMs / 1_000) }),
    metadata: instance.metadata,
    registrationTimestamp: Date.parse(instance.registeredAt),
    lastUpdatedTimestamp: Date.parse(instance.updatedAt),
    lastDirtyTimestamp: Date.parse(instance.updatedAt),
  };
}

/** Returns the part that a Eureka client wrote, merged over that of the core. */
function keptInfo(instance: InstanceView, kept: Kept) {
  const { address = '', node = address } = instance;
  const { status: own, ...texts } = kept;
  const shown = shownStatus(instance, true);
  const isUnknown = own === 'UNKNOWN' && shown === 'DOWN';
  // If the status in effect differs from the one that the instance reports, an operator has set it.
  const isSettled = own !== undefined && own !== shown && !isUnknown;
  return {
    hostName: node,
    ipAddr: address,
    ...shownPorts(instance),
    ...texts,
    ...(isUnknown ? { status: own } : {}),
    ...(isSettled ? { overriddenStatus: shown } : {}),
  };
}

/** Returns Eureka's members for an instance that another API registered, derived as well as possible. */
function foreignInfo(instance: InstanceView) {
  const { address, url, metadata, tags } = instance;
  const host = address ?? hostOfUrl(url ?? '') ?? instance.id;
  const { port, securePort } = shownPorts(instance);
  const isSecure = metadata.secure === 'true' || tags.includes('https');
  return {
    hostName: host,
    ipAddr: address !== undefined && isIp(address) ? address : host,
    ...(isSecure && !securePort.enabled
      ? { port: { ...port, enabled: false }, securePort: { number: port.number, enabled: true } }
      : { port, securePort }),
    ...virtualAddresses(shortName(instance)),
    // Data of earlier versions may contain a lone surrogate.
    ...(url === undefined ? {} : { homePageUrl: url.toWellFormed() }),
  };
}

/**
 * Returns the virtual addresses of a service: its name, unless that contains a comma. Clients would read it as a list, and
 * find the instance under names that its token has no grant for.
 */
function virtualAddresses(name: string): Pick<ShownInfo, 'vipAddress' | 'secureVipAddress'> {
  return name.includes(',') ? {} : { vipAddress: name, secureVipAddress: name };
}
