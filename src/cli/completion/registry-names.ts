import { type Admin, rollcallAdmin } from '../../client/admin';
import { configPath, readConfig } from '../connection/config-file';
import { findPlace } from '../connection/place';
import { serviceName, serviceText } from '../options/option-values';
import type { Candidate, NameSource } from './candidates';

/** Somebody has pressed a key and waits: later than this a list of names is in the way. */
const ANSWER_TIMEOUT_MS = 500;

/** More than fit on a screen help nobody. */
const NAMES_MAX_COUNT = 200;

/** The names that a registry knows. Where it does not answer, or refuses, there are none. */
export class RegistryNames implements NameSource {
  readonly #env: NodeJS.ProcessEnv;
  readonly #cwd: string;

  constructor(env: NodeJS.ProcessEnv, cwd: string) {
    this.#env = env;
    this.#cwd = cwd;
  }

  contexts(): Promise<Candidate[]> {
    return orNothing(async () => {
      const { contexts } = readConfig(configPath(this.#env));
      return Object.entries(contexts).map(([value, { url }]) => ({ value, description: url }));
    });
  }

  services(flags: ReadonlyMap<string, string>): Promise<Candidate[]> {
    return orNothing(async () => {
      const { services } = await this.#calls(flags).listServices({ limit: NAMES_MAX_COUNT, signal: soon() });
      return services.map(({ group, name, available, instances }) => ({
        value: serviceText({ group, service: name }),
        description: `${available} of ${instances} available`,
      }));
    });
  }

  instances(flags: ReadonlyMap<string, string>, service: string): Promise<Candidate[]> {
    return orNothing(async () => {
      const ask = { ...serviceName(service), limit: NAMES_MAX_COUNT, signal: soon() };
      const { instances } = await this.#calls(flags).listInstances(ask);
      return instances.map(({ id, status, available }) => ({
        value: id,
        description: available ? 'available' : status,
      }));
    });
  }

  #calls(flags: ReadonlyMap<string, string>): Admin {
    const named = {
      url: flags.get('--url'),
      token: flags.get('--token'),
      namespace: flags.get('--namespace'),
      context: flags.get('--context'),
    };
    const config = readConfig(configPath(this.#env));
    return rollcallAdmin(findPlace({ flags: named, env: this.#env, config, cwd: this.#cwd }));
  }
}

const soon = (): AbortSignal => AbortSignal.timeout(ANSWER_TIMEOUT_MS);

async function orNothing(find: () => Promise<Candidate[]>): Promise<Candidate[]> {
  try {
    return await find();
  } catch {
    // Somebody is typing: an error would land in the middle of their line.
    return [];
  }
}
