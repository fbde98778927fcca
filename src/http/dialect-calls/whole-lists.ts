import type { ListedInstances } from '../../model/dialect-reads';
import type { InstanceView } from '../../model/instance';
import { type JsonText, readJsonText } from '../../model/json';
import type {
  InstanceListCommand,
  NamespaceApi,
  OverrideListCommand,
  ServiceListCommand,
  SubscriberListCommand,
} from '../../model/namespace-api';
import type { ServiceSummary } from '../../model/service';

/** Complete lists, for dialects whose protocols have no pages. */

/** A page that was read already, and its position. */
export interface FirstPage {
  cursor: string;
  list: ListedInstances;
}

/** Reads the pages of a list until one has no `next`. */
async function* pages<List extends { next?: string | undefined }>(
  read: (after: string | undefined) => Promise<{ body: JsonText<List> | null }>,
): AsyncGenerator<List> {
  let after: string | undefined;
  do {
    const { body } = await read(after);
    if (body === null) return;
    const list = readJsonText(body);
    yield list;
    after = list.next;
  } while (after !== undefined);
}

/**
 * Returns all pages of a list of instances, one at a time, so that only one of them is in memory. Further pages are read
 * at the position of the first, so that together they are a snapshot of the service.
 *
 * @param first First page, if the caller has it already.
 */
export async function* instancePages(
  namespace: NamespaceApi,
  command: InstanceListCommand,
  first?: FirstPage,
): AsyncGenerator<ListedInstances> {
  let { cursor, list } = first ?? (await firstInstances(namespace, command));
  yield list;
  const at = cursor;
  while (list.next !== undefined) {
    ({ cursor, list } = await firstInstances(namespace, { ...command, at, after: list.next }));
    yield list;
  }
}

/** Reads the first page of a list of instances. Errors of the list are thrown here. */
export async function firstInstances(namespace: NamespaceApi, command: InstanceListCommand): Promise<FirstPage> {
  const { cursor, body } = await namespace.listInstances(command);
  return { cursor, list: body === null ? { instances: [] } : readJsonText(body) };
}

/** Returns a snapshot of all instances of a service. */
export async function allInstances(namespace: NamespaceApi, command: InstanceListCommand): Promise<InstanceView[]> {
  let all: InstanceView[] = [];
  for await (const { instances } of instancePages(namespace, command)) all = all.concat(instances);
  return all;
}

/** Returns all services that exist from the first page to the last, each as it was when its page was read. */
export function allServices(namespace: NamespaceApi, command: ServiceListCommand): Promise<ServiceSummary[]> {
  return joined(
    pages((after) => namespace.listServices({ ...command, after })),
    ({ services }) => services,
  );
}

/** Returns all overrides of a service, each with the id of its instance. */
export function allOverrides(namespace: NamespaceApi, command: OverrideListCommand) {
  return joined(
    pages((after) => namespace.listOverrides({ ...command, after })),
    ({ overrides }) => overrides,
  );
}

/** Returns all subscribers of a service. */
export function allSubscribers(namespace: NamespaceApi, command: SubscriberListCommand) {
  return joined(
    pages((after) => namespace.listSubscribers({ ...command, after })),
    ({ subscribers }) => subscribers,
  );
}

async function joined<List, Item>(lists: AsyncIterable<List>, itemsOf: (list: List) => Item[]): Promise<Item[]> {
  let all: Item[] = [];
  for await (const list of lists) all = all.concat(itemsOf(list));
  return all;
}
