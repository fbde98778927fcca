import type { Namespace, NamespacePatchBody } from '../../client/wire/namespace-answers';
import {
  ENTRIES_PER_NAMESPACE_MAX_BYTES,
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  GRANTED_LEASES_MAX_COUNT,
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  JOURNAL_MAX_AGE_MS,
  JOURNAL_MAX_BYTES,
  JOURNAL_MAX_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
  SESSION_PING_INTERVAL_MS,
  SOCKETS_PER_NAMESPACE_MAX_COUNT,
  WATCHES_PER_NAMESPACE_MAX_COUNT,
} from '../../model/limits';

/** Unit in which a number is entered. */
export type Unit = 'count' | 'hours' | 'mebibytes' | 'seconds' | 'perSecond';

const SIZES: Record<Unit, number> = { count: 1, hours: 3_600_000, mebibytes: 1024 ** 2, seconds: 1_000, perSecond: 1 };

/** A number among the settings of a namespace. */
export interface NumberField {
  unit: Unit;
  /** Value if none is set; absent: no limit, or one that depends on the token. */
  fallback?: number;
}

/** Amounts that can be limited, in total and for each token. */
const AMOUNTS = [
  'instances',
  'services',
  'bytes',
  'entries',
  'entryBytes',
  'grantedLeases',
  'sockets',
  'watches',
  'requestsPerSecond',
] as const;
export type Amount = (typeof AMOUNTS)[number];

const TOTALS: Record<Amount, NumberField> = {
  instances: { unit: 'count', fallback: INSTANCES_PER_NAMESPACE_MAX_COUNT },
  services: { unit: 'count', fallback: SERVICES_PER_NAMESPACE_MAX_COUNT },
  bytes: { unit: 'mebibytes', fallback: RECORDS_PER_NAMESPACE_MAX_BYTES },
  entries: { unit: 'count', fallback: ENTRIES_PER_NAMESPACE_MAX_COUNT },
  entryBytes: { unit: 'mebibytes', fallback: ENTRIES_PER_NAMESPACE_MAX_BYTES },
  grantedLeases: { unit: 'count', fallback: GRANTED_LEASES_MAX_COUNT },
  sockets: { unit: 'count', fallback: SOCKETS_PER_NAMESPACE_MAX_COUNT },
  watches: { unit: 'count', fallback: WATCHES_PER_NAMESPACE_MAX_COUNT },
  requestsPerSecond: { unit: 'perSecond' },
};

/** Default of Nacos' own clients. */
const NACOS_POLL_MS = 3_000;
const NACOS_BEAT_MS = 5_000;

/** The numbers among the settings of a namespace, by their path in a request. */
export const NUMBERS: Readonly<Record<string, NumberField>> = {
  'retention.maxAgeMs': { unit: 'hours', fallback: JOURNAL_MAX_AGE_MS },
  'retention.maxCount': { unit: 'count', fallback: JOURNAL_MAX_COUNT },
  'retention.maxBytes': { unit: 'mebibytes', fallback: JOURNAL_MAX_BYTES },
  'intervals.nacosPollMs': { unit: 'seconds', fallback: NACOS_POLL_MS },
  'intervals.nacosBeatMs': { unit: 'seconds', fallback: NACOS_BEAT_MS },
  'intervals.sessionPingMs': { unit: 'seconds', fallback: SESSION_PING_INTERVAL_MS },
  ...Object.fromEntries(AMOUNTS.map((amount) => [`limits.${amount}`, TOTALS[amount]])),
  ...Object.fromEntries(AMOUNTS.map((amount) => [`limits.perToken.${amount}`, { unit: TOTALS[amount].unit }])),
};

/** Returns the last name of a path. */
export const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** Returns the paths of the numbers that are direct members of a setting. */
export const pathsUnder = (start: string): string[] =>
  Object.keys(NUMBERS).filter((path) => path.slice(0, path.lastIndexOf('.')) === start);

/** Settings of a namespace as they are entered: numbers by their path, in their unit, and empty if none is set. */
export interface NamespaceForm {
  title: string;
  selfPreservation: '' | 'on' | 'off';
  numbers: Readonly<Record<string, string>>;
}

/** An object of a request, of which only known members are changed. */
type Members = { [name: string]: unknown };

/** Returns a number of the settings; undefined if it is not set. */
export function numberAt(namespace: Namespace, path: string): number | undefined {
  let at: unknown = namespace;
  for (const name of path.split('.')) at = at === undefined ? at : (at as Members)[name]; // `as`: members of JSON
  return typeof at === 'number' ? at : undefined;
}

/** Returns the settings as they are entered. */
export function formOf(namespace: Namespace): NamespaceForm {
  const { title = '', selfPreservation } = namespace;
  const numbers = Object.entries(NUMBERS).map(([path, { unit }]) => {
    const value = numberAt(namespace, path);
    return [path, value === undefined ? '' : String(value / SIZES[unit])];
  });
  return {
    title,
    selfPreservation: selfPreservation === undefined ? '' : selfPreservation ? 'on' : 'off',
    numbers: Object.fromEntries(numbers),
  };
}

/**
 * Returns the request for what was changed in a form. The registry replaces members as a whole, so the rest of a changed
 * one is repeated as it was.
 */
export function patchOf(before: Namespace, form: NamespaceForm): NamespacePatchBody {
  const old = formOf(before);
  const patch: NamespacePatchBody = {};
  const title = form.title.trim();
  if (title !== old.title) patch.title = title || null;
  if (form.selfPreservation !== old.selfPreservation)
    patch.selfPreservation = form.selfPreservation === '' ? null : form.selfPreservation === 'on';
  for (const member of ['retention', 'limits', 'intervals'] as const) {
    const changed = Object.entries(form.numbers).filter(
      ([path, text]) => path.startsWith(`${member}.`) && text !== old.numbers[path],
    );
    if (changed.length === 0) continue;
    const value = structuredClone<Members>({ ...before[member] });
    for (const [path, text] of changed) put(value, path.split('.').slice(1), amountOf(text, NUMBERS[path]?.unit));
    patch[member] = Object.keys(value).length === 0 ? null : value;
  }
  return patch;
}

function amountOf(text: string, unit: Unit = 'count'): number | undefined {
  if (text.trim() === '') return undefined;
  const amount = Number(text) * SIZES[unit];
  // A fraction of a count, and what is no number, are left to the registry to refuse.
  return SIZES[unit] === 1 ? amount : Math.round(amount);
}

/** Sets a member of an object, or removes it, and objects that become empty. */
function put(object: Members, [name = '', ...rest]: readonly string[], value: number | undefined): void {
  if (rest.length > 0) {
    const inner = { ...(object[name] as Members | undefined) }; // `as`: members of JSON
    put(inner, rest, value);
    if (Object.keys(inner).length > 0) object[name] = inner;
    else delete object[name];
  } else if (value === undefined) delete object[name];
  else object[name] = value;
}
