import { Argument, Command } from '@commander-js/extra-typings';
import { type Admin, rollcallAdmin } from '../../client/admin';
import { type Client, rollcall } from '../../client/client';
import { duration, serviceName } from '../terminal/option-values';
import { type Printer, processPrinter } from '../terminal/printer';
import { configPath, readConfig } from './config-file';
import { findPlace, type Place } from './place';
import { tracedFetch } from './traced-fetch';

/** Begins a command that talks to a registry: which one, as whom, and how it answers. */
export function registryCommand(name: string) {
  return new Command(name)
    .optionsGroup('Registry:')
    .option('--url <url>', 'where the registry answers (or ROLLCALL_URL)')
    .option('--token <token>', 'the token (or ROLLCALL_TOKEN)')
    .option('-n, --namespace <id>', 'namespace (or ROLLCALL_NAMESPACE; default public)')
    .option('--context <name>', 'a context of yours; see: rollcall context')
    .option('--timeout <duration>', 'give up after so long, such as 5s', duration)
    .optionsGroup('Output:')
    .option('--json', 'answer as JSON')
    .option('--verbose', 'tell which registry is asked, as whom, and each call')
    .optionsGroup('Options:');
}

/** The options that every such command has. */
export type RegistryFlags = ReturnType<ReturnType<typeof registryCommand>['opts']>;

/** A service by its name. Its name is what completion goes by: see `completion.ts`. */
export const serviceArgument = () =>
  new Argument('<service>', 'the service: orders, or group@@orders').argParser(serviceName);

/** An instance of the service before it. */
export const idArgument = () => new Argument('<id>', 'id of the instance');

/** The registry that a command works with, and a way to print. */
export interface Connection {
  place: Place;
  print: Printer;
  /** One call each, with an answer or an error. */
  registry: Admin;
  /**
   * What stays open: registrations that are kept, watches.
   *
   * @param signal Ends every request of it that is still under way.
   */
  client(signal?: AbortSignal): Client;
}

/** The registry that the options, the environment and the contexts of the user name. Nothing is sent yet. */
export function connect(flags: RegistryFlags): Connection {
  const print = processPrinter(flags);
  const config = readConfig(configPath(process.env));
  const place = findPlace({ flags, env: process.env, config, cwd: process.cwd() });
  print.trace(`url ${place.url} (${place.sources.url})`);
  print.trace(`token ${place.token === undefined ? 'none' : `from ${place.sources.token}`}`);
  print.trace(`namespace ${place.namespace} (${place.sources.namespace})`);
  const trace = (line: string) => print.trace(line);
  const options = { url: place.url, token: place.token, namespace: place.namespace };
  return {
    place,
    print,
    registry: rollcallAdmin({ ...options, fetch: tracedFetch({ trace, timeoutMs: flags.timeout }) }),
    // The time of a command is for its calls. What stays open ends otherwise.
    client: (signal) => rollcall({ ...options, fetch: tracedFetch({ trace, signal }) }),
  };
}

/** One page of a list: where the next begins, unless it is the last. */
interface Page {
  next?: string | undefined;
}

/** Reads a list to its end, page by page. @returns All items, and the first page for whatever else it says. */
export async function allPages<List extends Page, Item>(
  read: (after: string | undefined) => Promise<List>,
  itemsOf: (list: List) => readonly Item[],
): Promise<{ first: List; items: Item[] }> {
  const first = await read(undefined);
  const items = [...itemsOf(first)];
  let after = first.next;
  while (after !== undefined) {
    const list = await read(after);
    // Not `push(...)`: a page may have more items than a call takes arguments.
    for (const item of itemsOf(list)) items.push(item);
    after = list.next;
  }
  return { first, items };
}
