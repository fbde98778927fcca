import { quote, RegistryError } from '../../model/errors';
import { isRecord, jsonProblem } from '../../model/json';
import { type EurekaPort, isEntryKey, KEPT_TEXTS, readInfo, type WrittenInfo } from './info';
import type { ShownInfo } from './shown-info';
import { elementName, keyOfElement, readXml, writeTextElement, writeXml } from './xml';

/** Format of a response. */
export type Format = 'json' | 'xml';

/** Change of an instance in a delta. */
export type Action = 'ADDED' | 'MODIFIED' | 'DELETED';

/** An application with its instances, each already serialized. */
export interface WrittenApplication {
  name: string;
  instances: Iterable<string>;
}

/** Head of a list of applications. */
export interface ListHead {
  version: string;
  hash: string;
}

/** Java classes into which clients read an empty map and a data center. */
const EMPTY_MAP = { '@class': 'java.util.Collections$EmptyMap' };
const AMAZON = 'com.netflix.appinfo.AmazonInfo';
const OTHER_DATA_CENTER = 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo';

/** Whether an instance is itself a Eureka server, which none is here. */
const NOT_COORDINATING = 'false';

/**
 * Writes an instance up to its action, which {@link withAction} adds. The text can be used in all lists until the instance
 * changes.
 */
export function writeInstance(info: ShownInfo, format: Format): string {
  const element = elementOf(info, format);
  if (format === 'json') return JSON.stringify(element).slice(0, -1);
  return writeXml({ instance: element }).slice(0, -'</instance>'.length);
}

/** Completes the text of {@link writeInstance}. */
export function withAction(instance: string, action: Action, format: Format): string {
  return format === 'json'
    ? `${instance},"actionType":"${action}"}`
    : `${instance}<actionType>${action}</actionType></instance>`;
}

/** Writes a list of applications: all of them, a delta, or those of a virtual address. */
export function writeList(head: ListHead, applications: Iterable<WrittenApplication>, format: Format): string {
  return [...listPieces(head, applications, format)].join('');
}

/** Writes a list of applications in pieces, so that a large one is never in memory as a whole. */
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

/** Writes a document with a single application. */
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

/** Writes a document with a single instance. */
export function writeSingle(instance: string, format: Format): string {
  return format === 'json' ? `{"instance":${instance}}` : instance;
}

/** Returns an instance in the shape that both formats share, with its members in Eureka's order. */
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
      // Renewals are not changes, so lists don't show them.
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

/** Omits absent members, because an empty element breaks some readers. */
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

/** Returns a map as an element, without keys that clients do not read as data. In XML, keys are names of elements. */
function mapElement(map: Record<string, string>, format: Format): Record<string, string> {
  const entries = Object.entries(map).filter(([key]) => isEntryKey(key));
  if (entries.length === 0) return EMPTY_MAP;
  return Object.fromEntries(format === 'json' ? entries : entries.map(([key, value]) => [elementName(key), value]));
}

/**
 * Reads the body of a registration. Its media type determines the format, or its first character if there is no type. In
 * JSON it is `{"instance": …}` or the instance itself; in XML the root may have any name.
 *
 * @param parseText Parses JSON.
 * @param app Application in the path, in upper case.
 * @throws {RegistryError} `INVALID_REQUEST` or `UNSUPPORTED_MEDIA_TYPE`; errors of `parseText` are passed on.
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
