import { isIP } from 'node:net';
import { DEFAULT_GROUP } from '../option-values';
import { asFlag, asNumber, asObject, asText, asTexts, type JsonObject } from './json-members';
import type { SourceInstance } from './source';

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

/** Eureka's statuses; what is none of them is `UNKNOWN`, and takes no traffic. */
const STATUSES: Readonly<Record<string, 'up' | 'down' | 'starting' | 'out-of-service'>> = {
  UP: 'up',
  STARTING: 'starting',
  OUT_OF_SERVICE: 'out-of-service',
};

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
  const name = app.toLowerCase();
  const at = name.indexOf('@@');
  if (at < 0) return { group: DEFAULT_GROUP, service: name };
  const group = name.slice(0, at);
  return { group: group === DEFAULT_GROUP.toLowerCase() ? DEFAULT_GROUP : group, service: name.slice(at + 2) };
}

/** What of an instance only Eureka's clients understand, where it is not as usual. */
function keptOf(info: JsonObject, address: string, port: Port, securePort: Port): Record<string, unknown> {
  const texts = TEXTS.flatMap((name) => (asText(info[name]).trim() === '' ? [] : [[name, asText(info[name]).trim()]]));
  const ipAddr = asText(info.ipAddr).trim();
  const sid = asText(info.sid).trim();
  const countryId = asNumber(info.countryId) ?? 1;
  const dataCenter = asObject(info.dataCenterInfo);
  const dataCenterName = asText(dataCenter.name);
  const lastDirtyTimestamp = asNumber(info.lastDirtyTimestamp);
  const primary = port.enabled ? port : securePort.enabled ? securePort : port;
  // What the door makes of the one port to call and the secure one; only another truth has to be kept.
  const usual = { number: primary.number, enabled: !(securePort.enabled && securePort.number === primary.number) };
  const usualSecure = securePort.enabled ? securePort : { number: 443, enabled: false };
  return {
    ...Object.fromEntries(texts),
    ...(ipAddr === address ? {} : { ipAddr }),
    ...(['', 'na', 'unknown'].includes(sid) ? {} : { sid }),
    ...(asText(info.status).toUpperCase() === 'UNKNOWN' ? { status: 'UNKNOWN' } : {}),
    ...(isSamePort(usual, port) ? {} : { port }),
    ...(isSamePort(usualSecure, securePort) ? {} : { securePort }),
    ...(countryId === 1 ? {} : { countryId }),
    ...(dataCenterName === 'Amazon' || dataCenterName === 'Netflix'
      ? { dataCenter: { name: dataCenterName, ...amazonOf(dataCenterName, dataCenter) } }
      : {}),
    ...(lastDirtyTimestamp === undefined ? {} : { lastDirtyTimestamp }),
  };
}

const amazonOf = (name: string, { metadata }: JsonObject) => (name === 'Amazon' ? { metadata: asTexts(metadata) } : {});

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
  const usable = [port, securePort].filter(isUsable);
  const primary = usable.find(({ enabled }) => enabled) ?? usable[0];
  if (id === '' || app === '' || address === undefined || primary === undefined) return undefined;
  const isSecure = securePort.enabled && isUsable(securePort);
  return {
    ...serviceOf(app),
    id,
    body: {
      ...(hostName === '' ? {} : { node: hostName }),
      address,
      port: primary.number,
      ports: isSecure ? { https: { port: securePort.number, secure: true } } : {},
      status: STATUSES[asText(info.status).toUpperCase() || 'UP'] ?? 'down',
      metadata: asTexts(info.metadata),
      extensions: { [EXTENSION]: keptOf(info, address, port, securePort) },
    },
  };
}
