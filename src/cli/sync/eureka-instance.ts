import { isIP } from 'node:net';
import { DEFAULT_GROUP, splitName } from '../../model/service-name';
import { asFlag, asNumber, asObject, asText, asTexts, type JsonObject } from './json-members';
import type { SourceBody, SourceInstance } from './source';

/** Under it this registry's own door for Eureka's clients keeps what only they understand. */
const EXTENSION = 'eureka';

/** Kept as they are. */
const TEXTS = [
  'appGroupName',
  'homePageUrl',
  'statusPageUrl',
  'healthCheckUrl',
  'secureHealthCheckUrl',
  'vipAddress',
  'secureVipAddress',
  'asgName',
] as const;

/** Eureka's statuses, and what they are here; what is none of them is `UNKNOWN`. */
const STATUSES: Readonly<Record<string, 'up' | 'down' | 'starting' | 'out-of-service'>> = {
  UP: 'up',
  DOWN: 'down',
  STARTING: 'starting',
  OUT_OF_SERVICE: 'out-of-service',
  UNKNOWN: 'down',
};

function statusOf({ status }: JsonObject): string {
  const text = asText(status).trim().toUpperCase() || 'UP';
  return Object.hasOwn(STATUSES, text) ? text : 'UNKNOWN';
}

interface Port {
  number: number;
  enabled: boolean;
}

/** A bare number, or `{"$": 8080, "@enabled": "true"}`. */
function portIn(value: unknown, absent: number, isOn: boolean): Port {
  const { $: number, '@enabled': enabled } = asObject(value);
  return { number: asNumber(number ?? value) ?? absent, enabled: asFlag(enabled, isOn) };
}

const isUsable = ({ number }: Port): boolean => Number.isInteger(number) && number >= 1 && number <= 65_535;
const isSamePort = (one: Port, other: Port): boolean => one.number === other.number && one.enabled === other.enabled;

const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$/;
const isAddress = (text: string): boolean => isIP(text) !== 0 || HOST_NAME.test(text);

/** Application names come in upper case, and are lower case here; `TEAM@@ORDERS` is in the group `team`. */
function serviceOf(app: string): { group: string; service: string } {
  const { group, service } = splitName(app.toLowerCase());
  return { group: group === DEFAULT_GROUP.toLowerCase() ? DEFAULT_GROUP : group, service };
}

/** The one port to call, and the secure one, as this registry has them; undefined where what is enabled is no port. */
function corePorts(port: Port, securePort: Port): Pick<SourceBody, 'port' | 'ports'> | undefined {
  const both = [port, securePort];
  const enabled = both.filter((each) => each.enabled);
  const primary = (enabled.length > 0 ? enabled : both).find(isUsable);
  if (primary === undefined) return undefined;
  const isSecure = securePort.enabled && isUsable(securePort);
  return { port: primary.number, ports: isSecure ? { https: { port: securePort.number, secure: true } } : {} };
}

/** The ports that are not as the door would show them from what this registry has. */
function keptPorts(port: Port, securePort: Port): { port?: Port; securePort?: Port } {
  const core = corePorts(port, securePort);
  const secure = core?.ports?.https?.port;
  const shown = { number: core?.port ?? 0, enabled: core?.port !== secure };
  const shownSecure = secure === undefined ? { number: 443, enabled: false } : { number: secure, enabled: true };
  return {
    ...(isSamePort(shown, port) ? {} : { port }),
    ...(isSamePort(shownSecure, securePort) ? {} : { securePort }),
  };
}

/** Where it runs, unless that is nowhere in particular; one in Amazon's cloud is known by its id. */
function keptDataCenter(
  value: unknown,
  id: string,
): { dataCenter?: { name: string; metadata?: Record<string, string> } } {
  const { name, metadata } = asObject(value);
  if (name === 'Amazon') return { dataCenter: { name, metadata: { 'instance-id': id, ...asTexts(metadata) } } };
  return name === 'Netflix' ? { dataCenter: { name } } : {};
}

/** What of an instance only Eureka's clients understand, where it is not as usual. */
function keptOf(info: JsonObject, id: string, address: string, port: Port, securePort: Port): Record<string, unknown> {
  const texts = TEXTS.map((name) => [name, asText(info[name]).trim()] as const);
  const ipAddr = asText(info.ipAddr).trim();
  const sid = asText(info.sid).trim();
  const countryId = asNumber(info.countryId) ?? 1;
  const lastDirtyTimestamp = asNumber(info.lastDirtyTimestamp);
  return {
    ...Object.fromEntries(texts.filter(([, text]) => text !== '')),
    ...(ipAddr === address ? {} : { ipAddr }),
    ...(['', 'na', 'unknown'].includes(sid) ? {} : { sid }),
    status: statusOf(info),
    ...keptPorts(port, securePort),
    ...(countryId === 1 ? {} : { countryId }),
    ...keptDataCenter(info.dataCenterInfo, id),
    ...(lastDirtyTimestamp === undefined ? {} : { lastDirtyTimestamp }),
  };
}

/**
 * An instance of Eureka in the words of this registry, as its own door for Eureka's clients has it, so that they find it
 * here as they would there; undefined for one that nobody could call, or that has no id.
 *
 * Its status is the one that counts at the source, overrides of its operators included.
 */
export function fromEureka(value: unknown): SourceInstance | undefined {
  const info = asObject(value);
  const hostName = asText(info.hostName).trim();
  const id =
    asText(info.instanceId).trim() || asTexts(asObject(info.dataCenterInfo).metadata)['instance-id'] || hostName;
  const app = asText(info.app).trim();
  const address = [asText(info.ipAddr).trim(), hostName].find(isAddress);
  const port = portIn(info.port, 7001, true);
  const securePort = portIn(info.securePort, 7002, false);
  const ports = corePorts(port, securePort);
  if (id === '' || app === '' || address === undefined || ports === undefined) return undefined;
  return {
    ...serviceOf(app),
    id,
    body: {
      ...(hostName === '' ? {} : { node: hostName }),
      address,
      ...ports,
      status: STATUSES[statusOf(info)] ?? 'down',
      metadata: asTexts(info.metadata),
      extensions: { [EXTENSION]: keptOf(info, id, address, port, securePort) },
    },
  };
}
