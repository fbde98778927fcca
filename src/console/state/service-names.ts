import { signal } from '@preact/signals';
import type { ServiceNames } from '../../model/service-name';
import { ask, may } from './session';

/** Most services of a namespace that are read, to show which ones a grant matches. */
const READ_MAX_COUNT = 5_000;

/** Names of the services of a namespace. */
export interface NamesOfServices {
  list: readonly ServiceNames[];
  /** True: there are more. */
  hasMore: boolean;
}

const known = signal<Readonly<Record<string, NamesOfServices | undefined>>>({});
const asked = new Set<string>();

/** Returns the services of a namespace, once {@link readServiceNames} has read them. Subscribes. */
export const servicesOf = (ns: string): NamesOfServices | undefined => known.value[ns];

/** Reads the services of a namespace, once for each visit of a page, if the visitor's token may read them. */
export async function readServiceNames(ns: string): Promise<void> {
  if (asked.has(ns) || !may('read', { namespace: ns })) return;
  asked.add(ns);
  try {
    const { services, next } = await ask((admin) => admin.listServices({ ns, limit: READ_MAX_COUNT }));
    const list = services.map(({ group, name }) => ({ group, service: name }));
    known.value = { ...known.peek(), [ns]: { list, hasMore: next !== undefined } };
  } catch {
    // There is no such namespace, or the registry can't be read: the page shows no matches.
  }
}

/** Discards what was read. */
export function forgetServiceNames(): void {
  asked.clear();
  known.value = {};
}
