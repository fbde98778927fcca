import { type Admin, rollcallAdmin } from '../../client/admin';
import { type Client, rollcall } from '../../client/client';
import { type Printer, processPrinter } from '../terminal/printer';
import { configPath, readConfig } from './config-file';
import { findPlace, type Place } from './place';
import type { RegistryFlags } from './registry-command';
import { tracedFetch } from './traced-fetch';

/** What a command needs to do its work: a registry, and a way to print. */
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
