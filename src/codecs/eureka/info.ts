import { quote, RegistryError } from '../../model/errors';
import { isRecord } from '../../model/json';
import { type EurekaStatus, readStatus } from './status';

/** A port, and whether clients may use it. */
export interface EurekaPort {
  number: number;
  enabled: boolean;
}

/** Names of data centers that Java clients can read. With another name they would reject the whole list. */
export const DATA_CENTERS = ['Netflix', 'Amazon', 'MyOwn'] as const;

/** Data center of an instance in Eureka, with Amazon's metadata of the machine. */
export interface DataCenter {
  name: (typeof DATA_CENTERS)[number];
  metadata?: Record<string, string> | undefined;
}

/** Texts of an instance in Eureka that have no counterpart in the core. */
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

/** An instance as its client sends it, with Eureka's defaults for absent members. */
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
  /** Time by the client's clock, only compared with other times of that clock. */
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

/** Options for reading the members of an instance. */
export interface Reading {
  /** Decodes the name of a member into the key of a map. */
  keyOf(name: string): string;
  /** Reports whether a key of a map is data, and not a marker of Eureka's formats. */
  isKey(key: string): boolean;
  /** Called with the problem of an invalid member. If it returns, the member counts as absent. */
  problem(message: string): void;
}

/** Unparsed members. A schema for thirty members in several spellings would take as long as the rest of a registration. */
type Raw = Record<string, unknown>;

/** Returns the first of repeated elements, and the text of an element with attributes. */
function scalar(value: unknown): unknown {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isRecord(one) && '$' in one ? one.$ : one;
}

/** Reads a text. Absent, null and empty are the same. */
function textOf(raw: Raw, name: string, { problem }: Reading): string {
  const value = scalar(raw[name]);
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value).trim();
  problem(`${name} must be text, got ${quote(value)}`);
  return '';
}

/** Reads a whole number or its text; Eureka's codecs write both. */
function wholeOf(value: unknown, name: string, { problem }: Reading): number | undefined {
  const one = scalar(value);
  if (one === null || one === undefined || one === '') return undefined;
  const number = typeof one === 'string' && /^\s*-?\d{1,15}\s*$/.test(one) ? Number(one) : one;
  if (Number.isSafeInteger(number)) return Number(number);
  problem(`${name} must be a whole number, got ${quote(one)}`);
  return undefined;
}

/** Reads a number that Java clients read as an `int`. With a larger one they would reject the whole list. */
function intOf(value: unknown, name: string, reading: Reading): number | undefined {
  const number = wholeOf(value, name, reading);
  if (number === undefined || number === (number | 0)) return number;
  reading.problem(`${name} must be a whole number of 32 bits, got ${number}`);
  return undefined;
}

/** Reads a port: a bare number, or `{"$": 8080, "@enabled": "true"}`, where the flag may be text or a boolean. */
function portOf(raw: Raw, name: 'port' | 'securePort', reading: Reading): EurekaPort {
  const one = Array.isArray(raw[name]) ? raw[name][0] : raw[name];
  const enabled = isRecord(one) ? scalar(one['@enabled']) : undefined;
  const absent = DEFAULTS[name];
  return {
    number: intOf(one, name, reading) ?? absent.number,
    enabled: enabled === undefined || enabled === null ? absent.enabled : String(enabled).toLowerCase() === 'true',
  };
}

/** Reads a duration of a lease in seconds; 0 and less count as absent. An empty element of XML is an empty text. */
function secondsOf(raw: Raw, name: 'renewalIntervalInSecs' | 'durationInSecs', reading: Reading): number {
  const lease = raw.leaseInfo;
  const seconds = isRecord(lease) ? (intOf(lease[name], `leaseInfo.${name}`, reading) ?? 0) : 0;
  return seconds > 0 ? seconds : DEFAULTS[name];
}

/**
 * Reports whether Eureka's clients read a key of a map as data. In their JSON, `@name` is an attribute of an element and
 * `$` its text; Java clients ignore a key `@class`, or treat a map with it as empty.
 */
export const isEntryKey = (key: string): boolean => !key.startsWith('@') && key !== '$';

/** Reports whether a registration may have a metadata key. Older clients use `class` to name a Java class. */
export const isMetadataKey = (key: string): boolean => key !== 'class' && isEntryKey(key);

/** Reads a map of strings. Numbers and booleans become text. */
function stringsOf(value: unknown, { keyOf, isKey, problem }: Reading): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const key = keyOf(name);
      const text = scalar(each);
      if (text === null || !isKey(key)) return [];
      if (key !== '' && typeof text !== 'object') return [[key, String(text)]];
      problem(key === '' ? 'metadata keys must not be empty' : `metadata ${quote(key)} must be text`);
      return [];
    }),
  );
}

/** Refuses an invalid registration. */
function refuse(message: string): never {
  throw new RegistryError('INVALID_REQUEST', message);
}

const asNamed = (name: string): string => name;

/**
 * Reads a registration. Its errors have the texts of Eureka's server, and are checked in the same order.
 *
 * @param app Required application, in upper case.
 * @param keyOf Decodes the name of a member into the key of a map, if they differ.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readInfo(raw: unknown, app: string, keyOf: (name: string) => string = asNamed): WrittenInfo {
  if (!isRecord(raw)) return refuse('the body does not contain an instance');
  return infoIn(raw, app, { keyOf, isKey: isMetadataKey, problem: refuse });
}

/**
 * Reads the members of an instance.
 *
 * @param app Required application, in upper case; undefined: any.
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
    else problem(`dataCenterInfo has the name ${quote(dataCenter.name)}; use one of ${DATA_CENTERS.join(', ')}`);
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

/** Reads a data center without checking its name. */
function dataCenterOf(value: unknown, reading: Reading): WrittenDataCenter | undefined {
  if (!isRecord(value)) return undefined;
  const name = scalar(value.name);
  const metadata = stringsOf(value.metadata, reading);
  return {
    name: typeof name === 'string' ? name.trim() : '',
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

/** Adds the id of the instance to Amazon's metadata, from which clients read it. */
function withInstanceId({ name, metadata }: DataCenter, id: string): DataCenter {
  return name === 'Amazon' ? { name, metadata: { 'instance-id': id, ...metadata } } : { name };
}
