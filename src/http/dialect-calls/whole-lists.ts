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

/** Lists without their pages, for doors whose protocols have none. */

/** A page that was read already, and the position that it shows. */
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
 * All pages of a list of instances, one at a time, so that only one of them is in memory. The further ones are read as
 * of the moment of the first, so that together they are the service as it was then.
 *
 * @param first The first page, where the caller has it already.
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

/** The first page of a list of instances: what refuses the list refuses it here. */
export async function firstInstances(namespace: NamespaceApi, command: InstanceListCommand): Promise<FirstPage> {
  const { cursor, body } = await namespace.listInstances(command);
  return { cursor, list: body === null ? { instances: [] } : readJsonText(body) };
}

/** All instances of a service, as of one moment. */
export async function allInstances(namespace: NamespaceApi, command: InstanceListCommand): Promise<InstanceView[]> {
  let all: InstanceView[] = [];
  for await (const { instances } of instancePages(namespace, command)) all = all.concat(instances);
  return all;
}

/** All services: each that was there from the first page to the last, as it was when its page was read. */
export function allServices(namespace: NamespaceApi, command: ServiceListCommand): Promise<ServiceSummary[]> {
  return joined(
    pages((after) => namespace.listServices({ ...command, after })),
    ({ services }) => services,
  );
}

/** All overrides of a service, each with the id of its instance. */
export function allOverrides(namespace: NamespaceApi, command: OverrideListCommand) {
  return joined(
    pages((after) => namespace.listOverrides({ ...command, after })),
    ({ overrides }) => overrides,
  );
}

/** All subscribers of a service. */
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
