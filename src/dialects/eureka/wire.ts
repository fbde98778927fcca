import { quote, RegistryError } from '../../model/errors';
import { isRecord, jsonProblem } from '../../model/json';
import { type EurekaStatus, readStatus } from './status';
import { keyOfElement, readXml } from './xml';

/** A port, and whether it is to be used. */
export interface EurekaPort {
  number: number;
  enabled: boolean;
}

/** The names of data centers that Java's clients can read: another would cost them the whole list. */
export const DATA_CENTERS = ['Netflix', 'Amazon', 'MyOwn'] as const;

/** Where an instance runs, for Eureka, with what Amazon says of the machine. */
export interface DataCenter {
  name: (typeof DATA_CENTERS)[number];
  metadata?: Record<string, string> | undefined;
}

/** Texts of an instance that Eureka keeps, and the core has no place for. */
export const KEPT_TEXTS = [
  'appGroupName',
  'homePageUrl',
  'statusPageUrl',
  'healthCheckUrl',
  'secureHealthCheckUrl',
  'vipAddress',
  'secureVipAddress',
  'asgName',
] as const;
export type KeptText = (typeof KEPT_TEXTS)[number];

/** An instance as its client writes it, with Eureka's defaults for what it left out. */
export interface WrittenInfo extends Partial<Record<KeptText, string>> {
  instanceId: string;
  hostName: string;
  /** Upper case. */
  app: string;
  ipAddr: string;
  sid?: string;
  status: EurekaStatus;
  overriddenStatus: EurekaStatus;
  port: EurekaPort;
  securePort: EurekaPort;
  countryId: number;
  dataCenter: DataCenter;
  /** Seconds. */
  renewalIntervalInSecs: number;
  /** Seconds. */
  durationInSecs: number;
  metadata: Record<string, string>;
  /** By the client's clock: compared with itself, never with ours. */
  lastDirtyTimestamp?: number;
}

/** Eureka's defaults. Source: `InstanceInfo`, `LeaseInfo`. */
const DEFAULTS = {
  port: { number: 7001, enabled: true },
  securePort: { number: 7002, enabled: false },
  countryId: 1,
  renewalIntervalInSecs: 30,
  durationInSecs: 90,
} as const;

/** Of an element that comes several times, the first; of one that has attributes, its text. */
function scalar(value: unknown): unknown {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isRecord(one) && '$' in one ? one.$ : one;
}

/** Members by hand, not by schema: there are thirty, each in several spellings, and a schema takes as long as the registering. */
type Raw = Record<string, unknown>;

/** A text; absent, null and empty are the same. */
function textOf(raw: Raw, name: string): string {
  const value = scalar(raw[name]);
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') throw missing(`${name} must be text, got ${quote(value)}`);
  return String(value).trim();
}

/** A whole number, or one in words: Eureka's codecs write both. */
function wholeOf(value: unknown, name: string): number | undefined {
  const one = scalar(value);
  if (one === null || one === undefined || one === '') return undefined;
  const number = typeof one === 'string' && /^\s*-?\d{1,15}\s*$/.test(one) ? Number(one) : one;
  if (Number.isSafeInteger(number)) return Number(number);
  throw missing(`${name} must be a whole number, got ${quote(one)}`);
}

/** What Java's clients read as an `int`: a larger one would cost them the whole list. */
function intOf(value: unknown, name: string): number | undefined {
  const number = wholeOf(value, name);
  if (number === undefined || number === (number | 0)) return number;
  throw missing(`${name} must be a whole number of 32 bits, got ${number}`);
}

/** A bare number, or `{"$": 8080, "@enabled": "true"}`; the flag as text or not. */
function portOf(value: unknown, name: string, absent: EurekaPort): EurekaPort {
  const one = Array.isArray(value) ? value[0] : value;
  const enabled = isRecord(one) ? scalar(one['@enabled']) : undefined;
  return {
    number: intOf(one, name) ?? absent.number,
    enabled: enabled === undefined || enabled === null ? absent.enabled : String(enabled).toLowerCase() === 'true',
  };
}

/** Seconds of a lease; what is not above 0 counts as absent. An empty element of XML is an empty text. */
function secondsOf(lease: unknown, name: string, absent: number): number {
  const seconds = isRecord(lease) ? (intOf(lease[name], `leaseInfo.${name}`) ?? 0) : 0;
  return seconds > 0 ? seconds : absent;
}

/**
 * Returns whether a key of a map is data to Eureka's readers. In their JSON `@name` is an attribute of an element and `$`
 * its text; `@class` in a map makes Java's clients leave it out, or take the map for an empty one.
 */
export const isEntryKey = (key: string): boolean => !key.startsWith('@') && key !== '$';

/** Returns whether this door takes a key of metadata. `class` is how older clients name a class of Java. */
export const isMetadataKey = (key: string): boolean => key !== 'class' && isEntryKey(key);

/** A map of strings; numbers and flags become text. */
function stringsOf(value: unknown, keyOf: (name: string) => string): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const key = keyOf(name);
      const text = scalar(each);
      if (text === null || !isMetadataKey(key)) return [];
      if (key === '') throw missing('metadata must have no key without a name');
      if (typeof text === 'object') throw missing(`metadata ${quote(key)} must be text`);
      return [[key, String(text)]];
    }),
  );
}

const missing = (message: string): RegistryError => new RegistryError('INVALID_REQUEST', message);

/**
 * Reads a registration. What is wrong with it is told in the words of Eureka's server, and in its order.
 *
 * @param body `{"instance": …}` or the instance itself, as JSON; any root in XML.
 * @param app The application that the path names, in upper case.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readInfo(body: unknown, app: string, isXml: boolean): WrittenInfo {
  const problem = jsonProblem(body);
  if (problem !== undefined) throw missing(`the body ${problem}`);
  const raw = !isXml && isRecord(body) && isRecord(body.instance) ? body.instance : body;
  if (!isRecord(raw)) throw missing('the body holds no instance');
  const text = (name: string) => textOf(raw, name);
  const keyOf = isXml ? keyOfElement : (name: string) => name;
  const dataCenter = dataCenterOf(raw.dataCenterInfo, keyOf);
  const hostName = text('hostName');
  const ipAddr = text('ipAddr');
  const named = text('app').toUpperCase();
  const instanceId = text('instanceId') || dataCenter?.metadata?.['instance-id'] || hostName;
  if (instanceId === '') throw missing('Missing instanceId');
  if (hostName === '') throw missing('Missing hostname');
  if (ipAddr === '') throw missing('Missing ip address');
  if (named === '') throw missing('Missing appName');
  if (named !== app) throw missing(`Mismatched appName, expecting ${app} but was ${named}`);
  if (dataCenter === undefined) throw missing('Missing dataCenterInfo');
  if (dataCenter.name === '') throw missing('Missing dataCenterInfo Name');
  const dataCenterName = DATA_CENTERS.find((name) => name === dataCenter.name);
  if (dataCenterName === undefined) {
    throw missing(`dataCenterInfo has the name ${quote(dataCenter.name)}; it is one of ${DATA_CENTERS.join(', ')}`);
  }
  const sid = text('sid');
  const status = text('status');
  const lastDirtyTimestamp = wholeOf(raw.lastDirtyTimestamp, 'lastDirtyTimestamp');
  return {
    instanceId,
    hostName,
    app,
    ipAddr,
    ...(sid === '' || sid === 'na' || sid === 'unknown' ? {} : { sid }),
    status: status === '' ? 'UP' : readStatus(status),
    overriddenStatus: readStatus(text('overriddenStatus') || text('overriddenstatus')),
    port: portOf(raw.port, 'port', DEFAULTS.port),
    securePort: portOf(raw.securePort, 'securePort', DEFAULTS.securePort),
    countryId: intOf(raw.countryId, 'countryId') ?? DEFAULTS.countryId,
    dataCenter: withInstanceId({ ...dataCenter, name: dataCenterName }, instanceId),
    renewalIntervalInSecs: secondsOf(raw.leaseInfo, 'renewalIntervalInSecs', DEFAULTS.renewalIntervalInSecs),
    durationInSecs: secondsOf(raw.leaseInfo, 'durationInSecs', DEFAULTS.durationInSecs),
    metadata: stringsOf(raw.metadata, keyOf),
    ...(lastDirtyTimestamp === undefined ? {} : { lastDirtyTimestamp }),
    ...Object.fromEntries(KEPT_TEXTS.map((name) => [name, text(name)]).filter(([, each]) => each !== '')),
  };
}

type WrittenDataCenter = Omit<DataCenter, 'name'> & { name: string };

/** As it is written, whatever it calls itself. */
function dataCenterOf(value: unknown, keyOf: (name: string) => string): WrittenDataCenter | undefined {
  if (!isRecord(value)) return undefined;
  const name = scalar(value.name);
  const metadata = stringsOf(value.metadata, keyOf);
  return {
    name: typeof name === 'string' ? name.trim() : '',
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

/** An instance in Amazon's cloud is known by it. */
function withInstanceId({ name, metadata }: DataCenter, id: string): DataCenter {
  return name === 'Amazon' ? { name, metadata: { 'instance-id': id, ...metadata } } : { name };
}

/** Reads the body of a registration as its type says, or as it looks where nothing says so. */
export function readBody(
  text: string,
  type: string | null,
  parseText: (text: string) => unknown,
  app: string,
): WrittenInfo {
  const format = formatOf(type, text);
  if (format === 'xml') return readInfo(readXml(text), app, true);
  return readInfo(parseText(text), app, false);
}

function formatOf(type: string | null, text: string): 'json' | 'xml' {
  const named = type?.toLowerCase() ?? '';
  if (named.includes('json')) return 'json';
  if (named.includes('xml')) return 'xml';
  if (named !== '') {
    throw new RegistryError('UNSUPPORTED_MEDIA_TYPE', `the body must be JSON or XML; this one is ${quote(named)}`);
  }
  return text.trimStart().startsWith('<') ? 'xml' : 'json';
}
