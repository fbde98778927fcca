import type { InstanceKey } from '../../model/batch';
import { deriveInstanceId } from '../../model/derived-id';
import { Address } from '../../model/instance';
import { NAME_MAX_BYTES } from '../../model/limits';
import { isPlainName } from '../../model/names';
import type { ServiceKey } from '../../model/namespace-api';
import { DEFAULT_CLUSTER, DEFAULT_GROUP, GROUP_SEPARATOR, joinedName } from '../../model/service-name';
import { nacosError } from './refusals';

/** Rule for a name, with the error messages of Nacos. Source: `ParamCheckRule` of Nacos 2.5.1. */
interface Rule {
  name: string;
  maxCharacters: number;
  isLegal(text: string): boolean;
}

const CJK_OR_BLANK = /[\u4e00-\u9fa5]|\s/;

const SERVICE: Rule = {
  name: 'serviceName',
  maxCharacters: NAME_MAX_BYTES,
  isLegal: (text) => !text.startsWith('@') && !text.includes(GROUP_SEPARATOR) && !CJK_OR_BLANK.test(text),
};
const GROUP: Rule = { name: 'group', maxCharacters: 128, isLegal: (text) => /^[a-zA-Z0-9\-_:.]*$/.test(text) };
const CLUSTER: Rule = { name: 'cluster', maxCharacters: 64, isLegal: (text) => /^[0-9a-zA-Z\-_]+$/.test(text) };
const NAMESPACE: Rule = { name: 'namespaceId/tenant', maxCharacters: 64, isLegal: (text) => /^[\w-]+$/.test(text) };
const IP: Rule = { name: 'ip', maxCharacters: 128, isLegal: (text) => Address.safeParse(text).success };

function checked(rule: Rule, text: string): string {
  const { name, maxCharacters, isLegal } = rule;
  if (text.length > maxCharacters) {
    throw illegal(name, `the param length should not exceed ${maxCharacters}.`);
  }
  if (!isLegal(text)) throw illegal(name, 'illegal characters should not appear in the param.');
  return text;
}

/** Returns Nacos' error for an invalid parameter. */
export const illegal = (name: string, why: string) =>
  nacosError('PARAMETER_VALIDATE_ERROR', `Param '${name}' is illegal, ${why}`);

/** Checks the id of a namespace. @throws {RegistryError} `INVALID_REQUEST`. */
export const namespaceNamed = (text: string): string => checked(NAMESPACE, text);

/** Checks the name of a group; empty means the default one. */
export const groupNamed = (text: string): string => checked(GROUP, text || DEFAULT_GROUP);

/** Parses the name of a service. @param groupName Used only if the name has no group. */
export function serviceNamed(serviceName: string, groupName: string): ServiceKey {
  const cut = serviceName.indexOf(GROUP_SEPARATOR);
  if (cut < 0) return serviceKey(groupName || DEFAULT_GROUP, serviceName);
  const group = serviceName.slice(0, cut);
  const service = serviceName.slice(cut + GROUP_SEPARATOR.length);
  if (group === '') throw illegalService("groupName can't be empty");
  if (service === '') throw illegalService("it should be format as 'groupName@@serviceName'");
  return serviceKey(group, service);
}

const illegalService = (why: string) =>
  nacosError('SERVICE_NAME_ERROR', `Service name filter error,Param 'serviceName' is illegal, ${why}`);

function serviceKey(group: string, service: string): ServiceKey {
  // Most names are plain, and every plain name is legal in Nacos.
  if (!isPlainName(group)) checked(GROUP, group);
  if (!isPlainName(service)) checked(SERVICE, service);
  return { group, service };
}

/** Formats the name of a service as Nacos shows it nearly everywhere. */
export const groupedName = (key: ServiceKey): string => joinedName(key);

/** Checks the name of a cluster; empty means the default one. */
export const clusterNamed = (text: string): string => (text === '' ? DEFAULT_CLUSTER : checked(CLUSTER, text));

/** Parses a comma-separated list of clusters; empty: all. */
export function clustersIn(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '').map((name) => checked(CLUSTER, name));
}

/** Address and port of an instance. */
export interface Place {
  ip: string;
  port: number;
}

const FOUR_NUMBERS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** Parses an address and a port. Port 0, which Nacos accepts, is refused because it can't be connected to. */
export function placeAt(ip: string, portText: string): Place {
  if (!FOUR_NUMBERS.test(ip)) checked(IP, ip);
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  if (!(port >= 1 && port <= 65_535)) throw illegal('port', 'the value should be between 1 and 65535.');
  return { ip, port };
}

/**
 * Returns the key of a service's instance at a place. Its id is the one that the native API derives from the place, so that
 * an instance keeps its id if it moves from one API to the other. The cluster is not part of the id, as in Nacos 2.
 */
export function instanceAt(service: ServiceKey, { ip, port }: Place): InstanceKey {
  const id = FOUR_NUMBERS.test(ip) ? `${ip}:${port}` : deriveInstanceId({ address: ip, port });
  return { ...service, id };
}
