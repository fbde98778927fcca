import { quote, RegistryError } from '../../model/errors';
import { isRecord, jsonProblem } from '../../model/json';
import { type EurekaPort, isEntryKey, KEPT_TEXTS, readInfo, type WrittenInfo } from './info';
import type { ShownInfo } from './shown-info';
import { elementName, keyOfElement, readXml, writeTextElement, writeXml } from './xml';

/** The format of an answer. */
export type Format = 'json' | 'xml';

/** The change of an instance, as the delta has it. */
export type Action = 'ADDED' | 'MODIFIED' | 'DELETED';

/** An application with its instances, each written already. */
export interface WrittenApplication {
  name: string;
  instances: Iterable<string>;
}

/** The head of a list of applications. */
export interface ListHead {
  version: string;
  hash: string;
}

/** The Java classes that an empty map and a data center are read into. */
const EMPTY_MAP = { '@class': 'java.util.Collections$EmptyMap' };
const AMAZON = 'com.netflix.appinfo.AmazonInfo';
const OTHER_DATA_CENTER = 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo';

/** Tells clients whether an instance is itself a server of Eureka: none of ours is. */
const NOT_COORDINATING = 'false';

/**
 * Writes an instance up to its action, which {@link withAction} adds: so one text serves all lists, for as long as the
 * instance is the same.
 */
export function writeInstance(info: ShownInfo, format: Format): string {
  const element = elementOf(info, format);
  if (format === 'json') return JSON.stringify(element).slice(0, -1);
  return writeXml({ instance: element }).slice(0, -'</instance>'.length);
}

/** Completes what {@link writeInstance} wrote. */
export function withAction(instance: string, action: Action, format: Format): string {
  return format === 'json'
    ? `${instance},"actionType":"${action}"}`
    : `${instance}<actionType>${action}</actionType></instance>`;
}

/** Writes a list of applications: all of them, the delta, or those of a virtual address. */
export function writeList(head: ListHead, applications: Iterable<WrittenApplication>, format: Format): string {
  return [...listPieces(head, applications, format)].join('');
}

/** Writes a list of applications piece by piece: a large one is never in memory as a whole. */
export function* listPieces(
  { version, hash }: ListHead,
  applications: Iterable<WrittenApplication>,
  format: Format,
): Generator<string> {
  const isJson = format === 'json';
  const head = isJson
    ? `{"applications":${JSON.stringify({ versions__delta: version, apps__hashcode: hash }).slice(0, -1)},"application":[`
    : `<applications>${writeTextElement('versions__delta', version)}${writeTextElement('apps__hashcode', hash)}`;
  yield head;
  let between = '';
  for (const application of applications) {
    yield between;
    yield* applicationPieces(application, format);
    between = isJson ? ',' : '';
  }
  yield isJson ? ']}}' : '</applications>';
}

/** Writes an application by itself. */
export function writeApplication(application: WrittenApplication, format: Format): string {
  const text = [...applicationPieces(application, format)].join('');
  return format === 'json' ? `{"application":${text}}` : text;
}

function* applicationPieces({ name, instances }: WrittenApplication, format: Format): Generator<string> {
  const isJson = format === 'json';
  yield isJson ? `{"name":${JSON.stringify(name)},"instance":[` : `<application>${writeTextElement('name', name)}`;
  let between = '';
  for (const instance of instances) {
    yield between + instance;
    between = isJson ? ',' : '';
  }
  yield isJson ? ']}' : '</application>';
}

/** Writes an instance by itself. */
export function writeSingle(instance: string, format: Format): string {
  return format === 'json' ? `{"instance":${instance}}` : instance;
}

/** An instance in the order of Eureka's own, in the shape that both formats share. */
function elementOf(info: ShownInfo, format: Format): Record<string, unknown> {
  const { vipAddress, secureVipAddress, appGroupName, asgName, sid } = info;
  const overridden = format === 'json' ? 'overriddenStatus' : 'overriddenstatus';
  return {
    instanceId: info.instanceId,
    hostName: info.hostName,
    app: info.app,
    ...given({ appGroupName: appGroupName?.toUpperCase() }),
    ipAddr: info.ipAddr,
    ...given({ sid }),
    status: info.status,
    [overridden]: info.overriddenStatus,
    port: portElement(info.port),
    securePort: portElement(info.securePort),
    countryId: info.countryId,
    dataCenterInfo: dataCenterElement(info, format),
    leaseInfo: {
      renewalIntervalInSecs: info.renewalIntervalInSecs,
      durationInSecs: info.durationInSecs,
      registrationTimestamp: info.registrationTimestamp,
      // Renewals are no changes, and lists do not tell of them.
      lastRenewalTimestamp: info.lastUpdatedTimestamp,
      evictionTimestamp: 0,
      serviceUpTimestamp: info.registrationTimestamp,
    },
    metadata: mapElement(info.metadata, format),
    ...given(Object.fromEntries(KEPT_TEXTS.filter((name) => name.endsWith('Url')).map((name) => [name, info[name]]))),
    ...given({ vipAddress, secureVipAddress }),
    isCoordinatingDiscoveryServer: NOT_COORDINATING,
    lastUpdatedTimestamp: String(info.lastUpdatedTimestamp),
    lastDirtyTimestamp: String(info.lastDirtyTimestamp),
    ...given({ asgName }),
  };
}

/** Leaves out the members that are absent: an empty element breaks some readers. */
function given(members: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const portElement = ({ number, enabled }: EurekaPort) => ({ $: number, '@enabled': String(enabled) });

function dataCenterElement({ dataCenter: { name, metadata } }: ShownInfo, format: Format): Record<string, unknown> {
  if (name !== 'Amazon') return { '@class': OTHER_DATA_CENTER, name };
  return { '@class': AMAZON, name, metadata: mapElement(metadata ?? {}, format) };
}

/** In XML a key is the name of an element, and so is written as one. Keys that no client would take for data are left out. */
function mapElement(map: Record<string, string>, format: Format): Record<string, string> {
  const entries = Object.entries(map).filter(([key]) => isEntryKey(key));
  if (entries.length === 0) return EMPTY_MAP;
  return Object.fromEntries(format === 'json' ? entries : entries.map(([key, value]) => [elementName(key), value]));
}

/**
 * Reads the body of a registration as its type says, or as it looks where nothing says so: in JSON `{"instance": …}` or
 * the instance itself, in XML any root.
 *
 * @param parseText Parses JSON.
 * @param app The application that the path names, in upper case.
 * @throws {RegistryError} `INVALID_REQUEST` or `UNSUPPORTED_MEDIA_TYPE`; whatever `parseText` throws.
 */
export function readBody(
  text: string,
  type: string | null,
  parseText: (text: string) => unknown,
  app: string,
): WrittenInfo {
  const isXml = formatOf(type, text) === 'xml';
  const body = isXml ? readXml(text) : parseText(text);
  const problem = jsonProblem(body);
  if (problem !== undefined) throw new RegistryError('INVALID_REQUEST', `the body ${problem}`);
  if (isXml) return readInfo(body, app, keyOfElement);
  return readInfo(isRecord(body) && isRecord(body.instance) ? body.instance : body, app);
}

function formatOf(type: string | null, text: string): Format {
  const named = type?.toLowerCase() ?? '';
  if (named.includes('json')) return 'json';
  if (named.includes('xml')) return 'xml';
  if (named !== '') {
    throw new RegistryError('UNSUPPORTED_MEDIA_TYPE', `the body must be JSON or XML; this one is ${quote(named)}`);
  }
  return text.trimStart().startsWith('<') ? 'xml' : 'json';
}
