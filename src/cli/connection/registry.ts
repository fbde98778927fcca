import { Argument, Command } from '@commander-js/extra-typings';
import { type Admin, rollcallAdmin } from '../../client/admin';
import { type Client, rollcall } from '../../client/client';
import { type KeyValue, kv } from '../../client/kv';
import { duration, serviceName } from '../terminal/option-values';
import { type Printer, processPrinter } from '../terminal/printer';
import { configPath, readConfig } from './config-file';
import { explainedFetch } from './explained-fetch';
import { findPlace, type Place } from './place';
import { tracedFetch } from './traced-fetch';

/** Creates a command that uses a registry, with the options for connection and output. */
export function registryCommand(name: string) {
  return new Command(name)
    .optionsGroup('Registry:')
    .option('--url <url>', 'url of the registry (or ROLLCALL_URL)')
    .option('--token <token>', 'token (or ROLLCALL_TOKEN)')
    .option('-n, --namespace <id>', 'namespace (or ROLLCALL_NAMESPACE; default public)')
    .option('--context <name>', 'saved registry to use; see: rollcall context')
    .option('--timeout <duration>', 'give up after this time, such as 5s', duration)
    .optionsGroup('Output:')
    .option('--json', 'print JSON')
    .option('--verbose', 'show the registry, the source of the token, and each call')
    .optionsGroup('Options:');
}

/** Options that all these commands have. */
export type RegistryFlags = ReturnType<ReturnType<typeof registryCommand>['opts']>;

/** Argument for a service. Completion depends on its name: see `completion.ts`. */
export const serviceArgument = () =>
  new Argument('<service>', 'service: orders, or group@@orders').argParser(serviceName);

/** Argument for an instance of that service. */
export const idArgument = () => new Argument('<id>', 'id of the instance');

/** The registry of a command, and its printer. */
export interface Connection {
  place: Place;
  print: Printer;
  /** For single calls. */
  registry: Admin;
  /** For single calls about entries. */
  entries: KeyValue;
  /**
   * Creates a client for what stays open: registrations and watches.
   *
   * @param signal Aborts all its pending requests.
   */
  client(signal?: AbortSignal): Client;
}

/** Connects to the registry given by the options, the environment and the contexts. Sends no request yet. */
export function connect(flags: RegistryFlags): Connection {
  const print = processPrinter(flags);
  const config = readConfig(configPath(process.env));
  const place = findPlace({ flags, env: process.env, config, cwd: process.cwd() });
  print.trace(`url ${place.url} (${place.sources.url})`);
  print.trace(`token ${place.token === undefined ? 'none' : `from ${place.sources.token}`}`);
  print.trace(`namespace ${place.namespace} (${place.sources.namespace})`);
  const trace = (line: string) => print.trace(line);
  const options = { url: place.url, token: place.token, namespace: place.namespace };
  const single = { ...options, fetch: explainedFetch(tracedFetch({ trace, timeoutMs: flags.timeout }), place) };
  return {
    place,
    print,
    registry: rollcallAdmin(single),
    // One attempt: its failure is explained at once.
    entries: kv(rollcall({ ...single, onWarning: false }), { attempts: 1 }),
    // `--timeout` applies only to single calls.
    // Commands show the state of the connection themselves.
    client: (signal) => rollcall({ ...options, fetch: tracedFetch({ trace, signal }), onWarning: false }),
  };
}

/** A page of a list. */
interface Page {
  next?: string | undefined;
}

/** Reads all pages of a list. @returns All items, and the first page with its other members. */
export async function allPages<List extends Page, Item>(
  read: (after: string | undefined) => Promise<List>,
  itemsOf: (list: List) => readonly Item[],
): Promise<{ first: List; items: Item[] }> {
  const first = await read(undefined);
  const items = [...itemsOf(first)];
  let after = first.next;
  while (after !== undefined) {
    const list = await read(after);
    // Not `push(...)`: a page may have more items than a call allows arguments.
    for (const item of itemsOf(list)) items.push(item);
    after = list.next;
  }
  return { first, items };
}
