import { parsed } from '../../http/request/field-errors';
import { quote, RegistryError } from '../../model/errors';
import { Address, type Extensions, InstanceDefinition, type InstanceView } from '../../model/instance';
import { EXTENSIONS_MAX_BYTES, LEASE_TTL_MAX_MS } from '../../model/limits';
import { utf8Length } from '../../model/names';
import { plainDefinition } from '../../model/plain-definition';
import { shortName } from '../../model/service-name';
import { appOf } from './app-names';
import { type Kept, readKept } from './kept';
import { corePorts, samePort, shownPorts } from './ports';
import { coreStatus, type EurekaStatus, shownStatus, statedStatus } from './status';
import { type DataCenter, type EurekaPort, KEPT_TEXTS, type KeptText, type WrittenInfo } from './wire';

/** Under it an instance keeps what only Eureka understands. */
const EXTENSION = 'eureka';

/** An instance as this door shows it, whoever registered it. */
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
  /** Milliseconds since the epoch, as the next two. */
  registrationTimestamp: number;
  lastUpdatedTimestamp: number;
  lastDirtyTimestamp: number;
}

/** Shown where an instance has no lease: what Eureka's clients take for the usual. */
const NO_LEASE = { renewalIntervalInSecs: 30, durationInSecs: 90 } as const;
const MY_OWN: DataCenter = { name: 'MyOwn' };

const isAddress = (text: string): boolean => Address.safeParse(text).success;
const isIp = (text: string): boolean => /^[\d.]+$|:/.test(text);

/**
 * What the core is told of an instance.
 *
 * @param status What counts of its status; its own word is kept where that is another.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function definitionOf(info: WrittenInfo, status: EurekaStatus): InstanceDefinition {
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
  const plain = {
    node: info.hostName,
    address,
    port,
    status: coreStatus(status),
    metadata: info.metadata,
    // Eureka removes what has renewed at least once after twice its duration, and what never has after once.
    lease: {
      ttlMs,
      removeAfterMs: 2 * ttlMs,
      firstRemoveAfterMs: ttlMs,
      ...(intervalMs > ttlMs ? {} : { intervalMs }),
    },
  };
  const extensions = { [EXTENSION]: kept };
  assertFits(extensions);
  // Nearly all are plain, but for what is made here, and a schema takes as long as all the rest.
  const definition = plainDefinition(plain);
  if (definition !== undefined) return { ...definition, ports, extensions };
  return parsed(InstanceDefinition, { ...plain, ports, extensions }, 'body');
}

function assertFits(extensions: Extensions): void {
  const bytes = utf8Length(JSON.stringify(extensions));
  if (bytes <= EXTENSIONS_MAX_BYTES) return;
  throw new RegistryError(
    'INVALID_REQUEST',
    `URLs, virtual addresses and data center take ${bytes} bytes together; at most ${EXTENSIONS_MAX_BYTES} are kept`,
  );
}

/** What an instance keeps for this door; undefined where another door registered it. */
export function keptBy(instance: InstanceView): Kept | undefined {
  return readKept(instance.extensions[EXTENSION]);
}

/** The status that an instance gave itself; undefined where an operator's word may hide it. */
export function ownStatus(instance: InstanceView): EurekaStatus | undefined {
  return keptBy(instance)?.status ?? (instance.overridden ? undefined : statedStatus(instance));
}

/** An instance as this door shows it. */
export function infoOf(instance: InstanceView): ShownInfo {
  const kept = keptBy(instance);
  return {
    ...coreInfo(instance, kept !== undefined),
    ...(kept === undefined ? foreignInfo(instance) : keptInfo(instance, kept)),
  };
}

/** What the core knows of every instance. */
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

/** What a client of this door wrote, over what the core makes of it. */
function keptInfo(instance: InstanceView, kept: Kept) {
  const { address = '', node = address } = instance;
  const { status: own, ...texts } = kept;
  const shown = shownStatus(instance, true);
  const isUnknown = own === 'UNKNOWN' && shown === 'DOWN';
  // Where its own word is another than what counts, somebody has settled that.
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

/** The best that is known of an instance of another door. */
function foreignInfo(instance: InstanceView) {
  const { address, url, metadata, tags } = instance;
  const host = address ?? hostOf(url ?? '') ?? instance.id;
  const { port, securePort } = shownPorts(instance);
  const isSecure = metadata.secure === 'true' || tags.includes('https');
  return {
    hostName: host,
    ipAddr: address !== undefined && isIp(address) ? address : host,
    ...(isSecure && !securePort.enabled
      ? { port: { ...port, enabled: false }, securePort: { number: port.number, enabled: true } }
      : { port, securePort }),
    ...virtualAddresses(shortName(instance)),
    // Storage of earlier versions may hold half of a surrogate pair.
    ...(url === undefined ? {} : { homePageUrl: url.toWellFormed() }),
  };
}

/**
 * The addresses of a service: its name, unless that has a comma. Clients would read a list in it, and find the instance
 * under names that its token has no grant on.
 */
function virtualAddresses(name: string): Pick<ShownInfo, 'vipAddress' | 'secureVipAddress'> {
  return name.includes(',') ? {} : { vipAddress: name, secureVipAddress: name };
}

function hostOf(url: string): string | undefined {
  const { hostname } = new URL(url);
  return hostname === '' ? undefined : hostname.replace(/^\[(.*)\]$/, '$1');
}
