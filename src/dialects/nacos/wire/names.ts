import { parsed } from '../../../http/request/field-errors';
import { InstanceKey } from '../../../model/batch';
import { deriveInstanceId } from '../../../model/derived-id';
import { Address } from '../../../model/instance';
import { NAME_MAX_BYTES } from '../../../model/limits';
import { isPlainName } from '../../../model/names';
import type { ServiceKey } from '../../../model/namespace-api';
import { DEFAULT_CLUSTER, DEFAULT_GROUP, GROUP_SEPARATOR, joinedName } from '../../../model/service-name';
import type { Parameters } from './parameters';
import { nacosError } from './refusals';

/** What Nacos refuses in a name, and in the words that it does. Source: `ParamCheckRule` of Nacos 2.5.1. */
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

/** A refusal of a parameter, in Nacos' words. */
export const illegal = (name: string, why: string) =>
  nacosError('PARAMETER_VALIDATE_ERROR', `Param '${name}' is illegal, ${why}`);

/** The namespace that a request names; undefined where it leaves it open. */
export function namespaceOf(parameters: Parameters): string | undefined {
  const text = parameters.text('namespaceId');
  return text === '' ? undefined : checked(NAMESPACE, text);
}

/** A service as v1 names it: `group@@service`, or a bare name and its group beside it, where `DEFAULT_GROUP` is the default. */
export function serviceOf(parameters: Parameters): ServiceKey {
  return serviceNamed(parameters.required('serviceName'), parameters.text('groupName'));
}

/** The service that a name says. @param groupName Counts only where the name has no group. */
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
  // Most are, and all of these are legal to Nacos, too.
  if (!isPlainName(group)) checked(GROUP, group);
  if (!isPlainName(service)) checked(SERVICE, service);
  return { group, service };
}

/** The name of a service as Nacos shows it nearly everywhere. */
export const groupedName = (key: ServiceKey): string => joinedName(key);

/** The name of a group, where a request is about all of its services. */
export function groupOf(parameters: Parameters): string {
  return checked(GROUP, parameters.text('groupName') || DEFAULT_GROUP);
}

/** The cluster that an instance is in. */
export function clusterOf(parameters: Parameters): string {
  return clusterNamed(parameters.text('clusterName') || parameters.text('cluster'));
}

/** A cluster by its name; blank: the default one. */
export const clusterNamed = (text: string): string => (text === '' ? DEFAULT_CLUSTER : checked(CLUSTER, text));

/** A list of clusters, parted by commas; empty: all. */
export function clustersIn(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '').map((name) => checked(CLUSTER, name));
}

/** Where an instance is, as Nacos says it. */
export interface Place {
  ip: string;
  port: number;
}

/** @throws {RegistryError} `INVALID_REQUEST` for what is no place that anything could be reached at. */
export function placeOf(parameters: Parameters): Place {
  return placeAt(parameters.required('ip'), parameters.required('port'));
}

const FOUR_NUMBERS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** An address and a port that were written somewhere. Nacos takes port 0, at which nobody can be called. */
export function placeAt(ip: string, portText: string): Place {
  if (!FOUR_NUMBERS.test(ip)) checked(IP, ip);
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  if (!(port >= 1 && port <= 65_535)) throw illegal('port', 'the value should be between 1 and 65535.');
  return { ip, port };
}

/**
 * The instance of a service at a place. Its id is the one that the native API derives from the place, so that a service
 * that moves over from one door to the other is the same instance; the cluster is no part of it, as in Nacos 2.
 */
export function instanceAt(service: ServiceKey, { ip, port }: Place): InstanceKey {
  const id = FOUR_NUMBERS.test(ip) ? `${ip}:${port}` : deriveInstanceId({ address: ip, port });
  const key = { ...service, id };
  return isPlainName(service.group) && isPlainName(service.service) ? key : parsed(InstanceKey, key, 'query');
}
