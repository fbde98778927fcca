import { signal } from '@preact/signals';
import type { Namespace } from '../../client/wire/namespace-answers';
import { entriesPath, servicesPath } from './paths';
import { ask, mayKnowServices, mayUseEntries, ownId, session } from './session';

/** Namespaces of a page of the list. */
const PAGE = 500;

/** Most namespaces that are read. A registry may have 10,000; the list of namespaces says that there are more. */
const READ_MAX_COUNT = 2_000;

/** Namespaces as far as they were read. */
interface Read {
  list: readonly Namespace[];
  hasMore: boolean;
  /** Token that may read them. */
  reader: string | undefined;
}

const read = signal<Read>({ list: [], hasMore: false, reader: undefined });

/** Returns the namespaces that the visitor's token has a grant on; undefined until they were read. Subscribes. */
export function readNamespaces(): Read | undefined {
  return read.value.reader === ownId.value ? read.value : undefined;
}

/** Returns the ids of the known namespaces: until they were read, of those that the grants name. */
export function knownNamespaces(): string[] {
  const granted = new Set((session.value?.own.grants ?? []).map(({ ns }) => ns));
  granted.delete('*');
  return readNamespaces()?.list.map(({ id }) => id) ?? [...granted];
}

/**
 * Reads the namespaces. The old list stays until then.
 *
 * @throws {RollcallError} If the registry can't be read.
 */
export async function loadNamespaces(): Promise<void> {
  const reader = ownId.peek();
  const list: Namespace[] = [];
  let next: string | undefined;
  do {
    const page = await ask((admin) => admin.listNamespaces({ after: next, limit: PAGE }));
    list.push(...page.namespaces);
    next = page.next;
  } while (next !== undefined && list.length < READ_MAX_COUNT);
  read.value = { list, hasMore: next !== undefined, reader };
}

/** Returns the first page of a namespace: its services, or the entries for a token that may only read those. */
export const homePath = (ns: string): string =>
  !mayKnowServices(ns) && mayUseEntries('read', ns) ? entriesPath(ns) : servicesPath(ns);
