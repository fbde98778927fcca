import { quote, RegistryError } from '../../model/errors';
import { isRecord } from '../../model/json';
import { type EurekaStatus, readStatus } from './status';

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
  dataCenter: 'MyOwn',
  renewalIntervalInSecs: 30,
  durationInSecs: 90,
} as const;

/** How the members of an instance are read. */
export interface Reading {
  /** Returns the key of a map that the name of a member stands for. */
  keyOf(name: string): string;
  /** Tells whether a key of a map is data, and not a marker of Eureka's formats. */
  isKey(key: string): boolean;
  /** Called with what is wrong with a member. Where it returns, that member counts as absent. */
  problem(message: string): void;
}

/** Members by hand, not by schema: there are thirty, each in several spellings, and a schema takes as long as the registering. */
type Raw = Record<string, unknown>;

/** Of an element that comes several times, the first; of one that has attributes, its text. */
function scalar(value: unknown): unknown {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isRecord(one) && '$' in one ? one.$ : one;
}

/** A text; absent, null and empty are the same. */
function textOf(raw: Raw, name: string, { problem }: Reading): string {
  const value = scalar(raw[name]);
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value).trim();
  problem(`${name} must be text, got ${quote(value)}`);
  return '';
}

/** A whole number, or one in words: Eureka's codecs write both. */
function wholeOf(value: unknown, name: string, { problem }: Reading): number | undefined {
  const one = scalar(value);
  if (one === null || one === undefined || one === '') return undefined;
  const number = typeof one === 'string' && /^\s*-?\d{1,15}\s*$/.test(one) ? Number(one) : one;
  if (Number.isSafeInteger(number)) return Number(number);
  problem(`${name} must be a whole number, got ${quote(one)}`);
  return undefined;
}

/** A number that Java's clients read as an `int`: a larger one would cost them the whole list. */
function intOf(value: unknown, name: string, reading: Reading): number | undefined {
  const number = wholeOf(value, name, reading);
  if (number === undefined || number === (number | 0)) return number;
  reading.problem(`${name} must be a whole number of 32 bits, got ${number}`);
  return undefined;
}

/** A bare number, or `{"$": 8080, "@enabled": "true"}`; the flag as text or not. */
function portOf(raw: Raw, name: 'port' | 'securePort', reading: Reading): EurekaPort {
  const one = Array.isArray(raw[name]) ? raw[name][0] : raw[name];
  const enabled = isRecord(one) ? scalar(one['@enabled']) : undefined;
  const absent = DEFAULTS[name];
  return {
    number: intOf(one, name, reading) ?? absent.number,
    enabled: enabled === undefined || enabled === null ? absent.enabled : String(enabled).toLowerCase() === 'true',
  };
}

/** Seconds of a lease; what is not above 0 counts as absent. An empty element of XML is an empty text. */
function secondsOf(raw: Raw, name: 'renewalIntervalInSecs' | 'durationInSecs', reading: Reading): number {
  const lease = raw.leaseInfo;
  const seconds = isRecord(lease) ? (intOf(lease[name], `leaseInfo.${name}`, reading) ?? 0) : 0;
  return seconds > 0 ? seconds : DEFAULTS[name];
}

/**
 * Returns whether a key of a map is data to Eureka's readers. In their JSON `@name` is an attribute of an element and `$`
 * its text; `@class` in a map makes Java's clients leave it out, or take the map for an empty one.
 */
export const isEntryKey = (key: string): boolean => !key.startsWith('@') && key !== '$';

/** Returns whether a registration may have a key of metadata. `class` is how older clients name a class of Java. */
export const isMetadataKey = (key: string): boolean => key !== 'class' && isEntryKey(key);

/** A map of strings; numbers and flags become text. */
function stringsOf(value: unknown, { keyOf, isKey, problem }: Reading): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const key = keyOf(name);
      const text = scalar(each);
      if (text === null || !isKey(key)) return [];
      if (key !== '' && typeof text !== 'object') return [[key, String(text)]];
      problem(key === '' ? 'metadata must have no key without a name' : `metadata ${quote(key)} must be text`);
      return [];
    }),
  );
}

/** Refuses what is wrong with a registration. */
function refuse(message: string): never {
  throw new RegistryError('INVALID_REQUEST', message);
}

const asNamed = (name: string): string => name;

/**
 * Reads a registration. What is wrong with it is told in the words of Eureka's server, and in its order.
 *
 * @param app The application that it has to be of, in upper case.
 * @param keyOf Returns the key of a map that the name of a member stands for, where those are not the same.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readInfo(raw: unknown, app: string, keyOf: (name: string) => string = asNamed): WrittenInfo {
  if (!isRecord(raw)) return refuse('the body holds no instance');
  return infoIn(raw, app, { keyOf, isKey: isMetadataKey, problem: refuse });
}

/**
 * Reads the members of an instance.
 *
 * @param app The application that it has to be of, in upper case; undefined: any.
 */
export function infoIn(raw: Raw, app: string | undefined, reading: Reading): WrittenInfo {
  const { problem } = reading;
  const text = (name: string) => textOf(raw, name, reading);
  const dataCenter = dataCenterOf(raw.dataCenterInfo, reading);
  const hostName = text('hostName');
  const ipAddr = text('ipAddr');
  const named = text('app').toUpperCase();
  const instanceId = text('instanceId') || dataCenter?.metadata?.['instance-id'] || hostName;
  if (instanceId === '') problem('Missing instanceId');
  if (hostName === '') problem('Missing hostname');
  if (ipAddr === '') problem('Missing ip address');
  if (named === '') problem('Missing appName');
  if (app !== undefined && named !== app) problem(`Mismatched appName, expecting ${app} but was ${named}`);
  if (dataCenter === undefined) problem('Missing dataCenterInfo');
  const dataCenterName = DATA_CENTERS.find((name) => name === dataCenter?.name);
  if (dataCenter !== undefined && dataCenterName === undefined) {
    if (dataCenter.name === '') problem('Missing dataCenterInfo Name');
    else problem(`dataCenterInfo has the name ${quote(dataCenter.name)}; it is one of ${DATA_CENTERS.join(', ')}`);
  }
  const sid = text('sid');
  const status = text('status');
  const lastDirtyTimestamp = wholeOf(raw.lastDirtyTimestamp, 'lastDirtyTimestamp', reading);
  return {
    instanceId,
    hostName,
    app: named,
    ipAddr,
    ...(sid === '' || sid === 'na' || sid === 'unknown' ? {} : { sid }),
    status: status === '' ? 'UP' : readStatus(status),
    overriddenStatus: readStatus(text('overriddenStatus') || text('overriddenstatus')),
    port: portOf(raw, 'port', reading),
    securePort: portOf(raw, 'securePort', reading),
    countryId: intOf(raw.countryId, 'countryId', reading) ?? DEFAULTS.countryId,
    dataCenter: withInstanceId({ ...dataCenter, name: dataCenterName ?? DEFAULTS.dataCenter }, instanceId),
    renewalIntervalInSecs: secondsOf(raw, 'renewalIntervalInSecs', reading),
    durationInSecs: secondsOf(raw, 'durationInSecs', reading),
    metadata: stringsOf(raw.metadata, reading),
    ...(lastDirtyTimestamp === undefined ? {} : { lastDirtyTimestamp }),
    ...Object.fromEntries(KEPT_TEXTS.map((name) => [name, text(name)]).filter(([, each]) => each !== '')),
  };
}

type WrittenDataCenter = Omit<DataCenter, 'name'> & { name: string };

/** As it is written, whatever it calls itself. */
function dataCenterOf(value: unknown, reading: Reading): WrittenDataCenter | undefined {
  if (!isRecord(value)) return undefined;
  const name = scalar(value.name);
  const metadata = stringsOf(value.metadata, reading);
  return {
    name: typeof name === 'string' ? name.trim() : '',
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

/** An instance in Amazon's cloud is known by it. */
function withInstanceId({ name, metadata }: DataCenter, id: string): DataCenter {
  return name === 'Amazon' ? { name, metadata: { 'instance-id': id, ...metadata } } : { name };
}
