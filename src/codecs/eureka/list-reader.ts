import { isRecord } from '../../model/json';
import { infoIn, type Reading, type WrittenInfo } from './info';

/** An instance in a list of a Eureka server. */
export interface ListedInstance {
  /** Application and id, which identify it. */
  name: string;
  /** Status, as the hash of a list counts it. */
  status: string;
  /** True: a delta lists it because it is gone. */
  isDeleted: boolean;
  /** Undefined for one without an id or an application. */
  info: WrittenInfo | undefined;
}

/** Instances of a server: all, or those that changed. */
export interface InstanceList {
  /** Hash of all instances of the server, as computed by `statusHash`. */
  hash: string;
  instances: ListedInstance[];
}

/** Reads a list in the JSON of {@link writeList}; undefined if the body is not one. */
export function readList(body: unknown): InstanceList | undefined {
  const applications = isRecord(body) ? body.applications : undefined;
  if (!isRecord(applications)) return undefined;
  const instances = membersOf(applications.application).flatMap((application) => membersOf(application.instance));
  return { hash: textOf(applications.apps__hashcode), instances: instances.map(readListed) };
}

/** Returns the objects of an array, or the single object that a server sends without an array. */
function membersOf(value: unknown): Record<string, unknown>[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.filter(isRecord);
}

function readListed(raw: Record<string, unknown>): ListedInstance {
  const id = textOf(raw.instanceId) || textOf(raw.hostName);
  return {
    name: JSON.stringify([textOf(raw.app).toUpperCase(), id]),
    status: textOf(raw.status).toUpperCase() || 'UP',
    isDeleted: textOf(raw.actionType) === 'DELETED',
    info: infoOf(raw),
  };
}

/** Reading of a server's list, in which invalid members count as absent instead of being refused. */
const LENIENT: Reading = { keyOf: (name) => name, isKey: (key) => key !== '@class', problem: () => {} };

/** Reads an instance without its lease, which concerns only the instance and its server. */
function infoOf(raw: Record<string, unknown>): WrittenInfo | undefined {
  const info = infoIn({ ...raw, leaseInfo: undefined }, undefined, LENIENT);
  return info.instanceId === '' || info.app === '' ? undefined : info;
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : '';
