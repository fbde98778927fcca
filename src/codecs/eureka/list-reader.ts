import { isRecord } from '../../model/json';
import { infoIn, type Reading, type WrittenInfo } from './info';

/** An instance of a list that a server of Eureka answers. */
export interface ListedInstance {
  /** The application and the id, which tell it from all others. */
  name: string;
  /** As it is counted by the hash of a list. */
  status: string;
  /** True: a delta lists it because it is gone. */
  isDeleted: boolean;
  /** Undefined for one without an id or an application. */
  info: WrittenInfo | undefined;
}

/** All applications of a server, or those that changed. */
export interface InstanceList {
  /** The hash of everything that the server has, as `statusHash` makes it. */
  hash: string;
  instances: ListedInstance[];
}

/** Reads a list in JSON, which {@link writeList} writes; undefined for what is none. */
export function readList(body: unknown): InstanceList | undefined {
  const applications = isRecord(body) ? body.applications : undefined;
  if (!isRecord(applications)) return undefined;
  const instances = membersOf(applications.application).flatMap((application) => membersOf(application.instance));
  return { hash: textOf(applications.apps__hashcode), instances: instances.map(readListed) };
}

/** The objects of a list, or the one that a server writes without a list around it. */
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

/** A server is no client to be refused: what is wrong in its list counts as absent. */
const LENIENT: Reading = { keyOf: (name) => name, isKey: (key) => key !== '@class', problem: () => {} };

/** Reads an instance without its lease, which is between the instance and its server. */
function infoOf(raw: Record<string, unknown>): WrittenInfo | undefined {
  const info = infoIn({ ...raw, leaseInfo: undefined }, undefined, LENIENT);
  return info.instanceId === '' || info.app === '' ? undefined : info;
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : '';
