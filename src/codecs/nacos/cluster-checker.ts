import { isRecord, parseJson } from '../../model/json';

/** Kinds of checkers that can be set. Nacos has MYSQL, too, which nothing here runs. */
const CHECKER_TYPES = ['TCP', 'HTTP', 'NONE'] as const;

/** Health checker of a cluster, for the persistent instances in it. */
export interface ClusterChecker {
  type: (typeof CHECKER_TYPES)[number];
  /** Path of the URL that an HTTP checker reads. */
  path: string;
  /** Headers of an HTTP checker: `name:value`, with `|` between several. */
  headers: string;
  /** Status with which an HTTP checker passes. */
  expectedResponseCode: number;
  /** Port to connect to unless it is that of each instance. */
  checkPort: number;
  useInstancePort4Check: boolean;
}

/**
 * Beginning of the metadata keys of a service that hold the checkers of its clusters. Metadata is the part of a service's
 * definition that every backup, import and API keeps.
 */
const KEY_PREFIX = 'nacos.cluster.';

const TEXT_MAX_LENGTH = 1_024;
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a header may not have
const CONTROL = /[\u0000-\u001f\u007f-\uffff]/;

/** Splits the headers of a checker. A part that is not a name and a value is left out, as in Nacos. */
export function headersOf({ headers }: Pick<ClusterChecker, 'headers'>): Record<string, string[]> {
  const parts = headers.split('|').map((part) => part.split(':').map((text) => text.trim()));
  const found: Record<string, string[]> = {};
  for (const [name = '', value = '', ...rest] of parts) {
    if (rest.length === 0 && HEADER.test(name) && value !== '') found[name] = [value];
  }
  return found;
}

const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;

/** Reads a checker and its port; undefined if it is not one that can be run. */
export function readChecker(value: unknown): ClusterChecker | undefined {
  if (!isRecord(value)) return undefined;
  const { path = '', headers = '', useInstancePort4Check = true } = value;
  const type = CHECKER_TYPES.find((known) => known === value.type);
  const expectedResponseCode = Number(value.expectedResponseCode ?? 200);
  const checkPort = Number(value.checkPort ?? 80);
  if (type === undefined || typeof path !== 'string' || typeof headers !== 'string') return undefined;
  if (path.length > TEXT_MAX_LENGTH || headers.length > TEXT_MAX_LENGTH) return undefined;
  if (CONTROL.test(path) || CONTROL.test(headers)) return undefined;
  if (typeof useInstancePort4Check !== 'boolean' || !(useInstancePort4Check || isPort(checkPort))) return undefined;
  if (!(Number.isInteger(expectedResponseCode) && expectedResponseCode >= 200 && expectedResponseCode <= 599)) {
    return undefined;
  }
  return { type, path, headers, expectedResponseCode, checkPort, useInstancePort4Check };
}

/** Returns the metadata entry of a service that holds the checker of a cluster. */
export const checkerEntry = (cluster: string, checker: ClusterChecker): Record<string, string> => ({
  [`${KEY_PREFIX}${cluster}`]: JSON.stringify(checker),
});

/** Returns the checkers that were set for the clusters of a service, by name of the cluster. */
export function checkersIn(metadata: Readonly<Record<string, string>>): Map<string, ClusterChecker> {
  const found = new Map<string, ClusterChecker>();
  for (const [key, text] of Object.entries(metadata)) {
    const checker = key.startsWith(KEY_PREFIX) ? storedChecker(text) : undefined;
    if (checker !== undefined) found.set(key.slice(KEY_PREFIX.length), checker);
  }
  return found;
}

/** Parses a stored checker. Other APIs may have written anything in its place. */
function storedChecker(text: string): ClusterChecker | undefined {
  try {
    return readChecker(parseJson(text));
  } catch {
    return undefined;
  }
}

/** Splits the metadata of a service into the part that Nacos' clients set and see, and the checkers of its clusters. */
export function splitMetadata(metadata: Readonly<Record<string, string>>): {
  shown: Record<string, string>;
  checkers: Record<string, string>;
} {
  const isChecker = ([key]: [string, string]) => key.startsWith(KEY_PREFIX);
  const entries = Object.entries(metadata);
  return {
    shown: Object.fromEntries(entries.filter((entry) => !isChecker(entry))),
    checkers: Object.fromEntries(entries.filter(isChecker)),
  };
}

/** Reports whether a checker is one that sends probes. */
export const isProbing = (checker: ClusterChecker | undefined): checker is ClusterChecker =>
  checker !== undefined && checker.type !== 'NONE';

/** Formats a checker as Nacos does. A cluster without one has Nacos' default, which nothing here runs. */
export function shownChecker(checker: ClusterChecker | undefined): object {
  if (checker?.type !== 'HTTP') return { type: checker?.type ?? 'TCP' };
  const { type, path, headers, expectedResponseCode } = checker;
  return { type, path, headers, expectedResponseCode };
}
