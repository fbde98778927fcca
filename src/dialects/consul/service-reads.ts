import type { FilteredEndpoint } from '../../codecs/consul/filter/fields';
import type { Filter } from '../../codecs/consul/filter/filter';
import { NODES } from '../../codecs/consul/kept';
import type { ReadOptions } from '../../codecs/consul/parameters';
import { Nodes, recordsOf } from '../../codecs/consul/records';
import { consulError } from '../../codecs/consul/refusals';
import { allInstances, type FirstPage, instancePages } from '../../http/dialect-calls/whole-lists';
import type { RouteCall } from '../../http/pipeline/route-call';
import type { ListedInstances } from '../../model/dialect-reads';
import type { InstanceView } from '../../model/instance';
import { type JsonText, readJsonText } from '../../model/json';
import type { InstanceListCommand, ServiceKey } from '../../model/namespace-api';
import { joinedName, shortName } from '../../model/service-name';
import type { CatalogCopies, CatalogCopy } from './catalog-copy';
import { type Entry, entryOf, SERVERS, serverEntry } from './entries';
import type { IndexedText, KeptAnswers, Made } from './kept-answers';
import { isNodes, serviceOf } from './names';
import type { ConsulRequest } from './routes';
import { filterFor, selectionKey, selects } from './selection';

/** A read of one service. */
export interface ServiceRead {
  /** As the client spells it. */
  name: string;
  options: Readonly<ReadOptions>;
  /** Only instances whose checks all pass. */
  passing: boolean;
}

/** A list of a service: which records it shows of each entry. */
export interface ServiceListKind {
  endpoint: FilteredEndpoint;
  /** Returns what is listed of an instance, before the filter: the filter sees what a client would. */
  show: (entry: Entry) => readonly unknown[];
  /** Returns whether an instance is listed, after the filter. */
  keeps?: (entry: Entry) => boolean;
}

/**
 * Reads the name and the parameters of a service in a path, and validates its filter.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function readServiceRequest(
  { query, names }: ConsulRequest,
  endpoint: FilteredEndpoint,
  takesPassing: boolean,
): ServiceRead | Promise<ServiceRead> {
  const { service: name = '' } = names;
  if (name === '') throw consulError(400, 'Missing service name');
  const given = query.readOptions();
  // Consul has tags only in lists of instances.
  const options = endpoint === 'health/checks' ? { ...given, tags: [] } : given;
  const read = { name, options, passing: takesPassing && query.passing() };
  if (options.filter === '') return read;
  const compiling = filterFor(endpoint, options.filter);
  return compiling instanceof Promise ? compiling.then(() => read) : read;
}

/** Lists of one service, each with one call to the namespace. */
export class ServiceReads {
  readonly #answers: KeptAnswers;
  readonly #copies: CatalogCopies;
  readonly #spellings = new WeakMap<CatalogCopy, { cursor: string; byName: Map<string, ServiceKey> }>();

  constructor(answers: KeptAnswers, copies: CatalogCopies) {
    this.#answers = answers;
    this.#copies = copies;
  }

  /**
   * Returns a list of a service. Names are equal in any case, as in Consul: a service in the client's own spelling takes
   * precedence, and grants are compared with the client's spelling too.
   */
  async read(call: RouteCall, read: ServiceRead, kind: ServiceListKind): Promise<IndexedText> {
    const exact = serviceOf(read.name);
    const { index } = read.options;
    // A query that waits has to know first for which spelling.
    const unconditional = index === 0n ? read : { ...read, options: { ...read.options, index: 0n } };
    const first = await this.#list(call, exact, unconditional, kind);
    if (!first.isAbsent) return index === 0n ? first : this.#list(call, exact, read, kind);
    const other = await this.#otherSpelling(call, exact);
    if (other !== undefined) return this.#list(call, other, read, kind);
    return index === 0n ? first : this.#list(call, exact, read, kind);
  }

  async #otherSpelling(call: RouteCall, exact: ServiceKey): Promise<ServiceKey | undefined> {
    const copy = await this.#copies.of(call);
    const known = this.#spellings.get(copy);
    const byName = known?.cursor === copy.cursor ? known.byName : spellingsIn(copy);
    if (known?.byName !== byName) this.#spellings.set(copy, { cursor: copy.cursor, byName });
    const other = byName.get(shortName(exact).toLowerCase());
    const isOther = other !== undefined && (other.service !== exact.service || other.group !== exact.group);
    return isOther && call.may('read', other) ? other : undefined;
  }

  #list(call: RouteCall, service: ServiceKey, read: ServiceRead, kind: ServiceListKind): Promise<IndexedText> {
    const { options, passing } = read;
    const { endpoint } = kind;
    const command = { ...service, filter: {}, alongside: NODES, tokenId: call.tokenId };
    return this.#answers.read<ListedInstances>(call, options, {
      key: `${endpoint}\n${passing}\n${joinedName(service)}\n${selectionKey(options)}`,
      about: { services: [service, NODES] },
      ask: (asked) => call.calls.listInstances({ ...command, ...asked }),
      make: (body, cursor) => madeOf(body, cursor, service, read, kind, (first) => wholeOf(call, command, first)),
    });
  }
}

/** Returns one spelling of each name; of several, the first in order. */
function spellingsIn(copy: CatalogCopy): Map<string, ServiceKey> {
  const byName = new Map<string, ServiceKey>();
  for (const { key } of copy.members()) {
    const { group, service } = key;
    const name = shortName(key).toLowerCase();
    const known = byName.get(name);
    if (known === undefined || service < known.service) byName.set(name, { group, service });
  }
  return byName;
}

/** Instances of a service, and the records of nodes and checks. */
interface Whole {
  instances: readonly InstanceView[];
  alongside: readonly InstanceView[];
}

/** Reads the pages after the first one, at its position. */
async function wholeOf(call: RouteCall, command: InstanceListCommand, first: FirstPage): Promise<Whole> {
  let instances: InstanceView[] = [];
  for await (const page of instancePages(call.calls, command, first)) instances = instances.concat(page.instances);
  const { alongside = [], alongsideNext } = first.list;
  if (alongsideNext === undefined) return { instances, alongside };
  const rest = { ...NODES, filter: {}, at: first.cursor, after: alongsideNext, tokenId: call.tokenId };
  return { instances, alongside: alongside.concat(await allInstances(call.calls, rest)) };
}

function madeOf(
  body: JsonText<ListedInstances>,
  cursor: string,
  service: ServiceKey,
  read: ServiceRead,
  kind: ServiceListKind,
  allOf: (first: FirstPage) => Promise<Whole>,
): Made | Promise<Made> {
  const list = readJsonText(body);
  const isWhole = list.next === undefined && list.alongsideNext === undefined;
  // Without pages and patterns there is no promise, so that requests that wait for one change make its text once.
  const compiling = filterFor(kind.endpoint, read.options.filter);
  const make = (instances: readonly InstanceView[], nodeRecords: readonly InstanceView[], filter: Filter): Made => {
    const isServers = service.group === SERVERS.group && service.service.toLowerCase() === SERVERS.service;
    const shown = isNodes(service) ? [] : instances;
    const nodes = new Nodes(nodeRecords);
    const entries = shown.map((instance) => entryOf(recordsOf(instance, nodes), nodes));
    if (isServers) entries.push(serverEntry(nodes));
    const text = JSON.stringify(listed(entries, read, kind, filter));
    return { text, keeps: isWhole, isAbsent: entries.length === 0 };
  };
  const { alongside = [] } = list;
  if (isWhole && !(compiling instanceof Promise)) return make(list.instances, alongside, compiling);
  const reading = isWhole ? { instances: list.instances, alongside } : allOf({ cursor, list });
  return Promise.all([reading, compiling]).then(([all, filter]) => make(all.instances, all.alongside, filter));
}

function listed(
  entries: readonly Entry[],
  { options, passing }: ServiceRead,
  kind: ServiceListKind,
  filter: Filter,
): unknown[] {
  const isSelected = selects(options);
  const { show, keeps = () => true } = kind;
  return entries.flatMap((entry) =>
    isSelected(entry) && (!passing || keeps(entry)) ? show(entry).filter(filter) : [],
  );
}
