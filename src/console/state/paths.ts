import { DEFAULT_GROUP } from '../../model/service-name';

/** Path under which the page is served. */
export const BASE = '/console';

/** Names of a service in a namespace. */
export interface ServiceAddress {
  ns: string;
  group: string;
  service: string;
}

/** Names of an instance in a namespace. */
export interface InstanceAddress extends ServiceAddress {
  id: string;
}

const joined = (...names: string[]): string => `/${names.map(encodeURIComponent).join('/')}`;

/** Returns the query of a page; values that are undefined or empty are omitted. */
export function query(values: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) search.set(name, value);
  const text = search.toString();
  return text && `?${text}`;
}

export const servicesPath = (ns: string): string => joined(ns, 'services');
export const servicePath = ({ ns, group, service }: ServiceAddress): string => joined(ns, 'services', group, service);
export const instancePath = ({ id, ...service }: InstanceAddress): string =>
  `${servicePath(service)}/instances${joined(id)}`;
export const diffPath = (address: ServiceAddress, from: string, to?: string): string =>
  `${servicePath(address)}/diff${query({ from, to })}`;
/** @param filter Members of the query, such as `service` and `since`. */
export const historyPath = (ns: string, filter: Readonly<Record<string, string | undefined>> = {}): string =>
  joined(ns, 'history') + query(filter);
/** @param place Members of the query that name a prefix or a key. */
export const entriesPath = (ns: string, place: Readonly<Record<string, string | undefined>> = {}): string =>
  joined(ns, 'entries') + query(place);
export const settingsPath = (ns: string): string => joined(ns, 'settings');
export const TOKENS_PATH = '/access/tokens';
export const AUDIT_PATH = '/access/audit';

/** Formats the name of a service for people: without the default group. */
export const serviceTitle = ({ group, service }: { group: string; service: string }): string =>
  group === DEFAULT_GROUP ? service : `${group} / ${service}`;

/** Decodes a name of a path; returns it unchanged if it is malformed. */
export function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Sections of the page, as the navigation names them. */
export type Section = 'namespaces' | 'services' | 'entries' | 'history' | 'settings' | 'tokens' | 'audit';

/** Place that an address shows. */
export interface Place {
  /** Undefined: all namespaces. */
  ns?: string | undefined;
  section: Section | undefined;
  /** Names below the section, the outermost first: service, instance. */
  names: string[];
}

const OF_NAMESPACE = ['services', 'entries', 'history', 'settings'] as const;
const OF_ACCESS = ['tokens', 'audit'] as const;

/** Returns the place of a path, which begins after the base of the page. */
export function placeOf(path: string): Place {
  const [, first = '', second = '', , service, kind, id] = path.split('/').map(decoded);
  if (first === '') return { section: 'namespaces', names: [] };
  const access = OF_ACCESS.find((name) => name === second);
  if (first === 'access' && access !== undefined) return { section: access, names: [] };
  const names = [service, kind === 'instances' ? id : undefined].filter((name) => name !== undefined);
  return { ns: first, section: OF_NAMESPACE.find((name) => name === second), names };
}

/** Returns the title of a place for the browser's tab, the innermost name first. @param titles Titles of the sections. */
export function titleOf({ ns, section, names }: Place, titles: Readonly<Record<Section, string>>): string {
  const own = names.length > 0 ? names.toReversed() : section === undefined ? [] : [titles[section]];
  return [...own, ns, 'Rollcall'].filter(Boolean).join(' · ');
}
