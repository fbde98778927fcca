import type { ServiceName } from '../options/option-values';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { fromEureka } from './eureka-instance';
import { asList, asObject, asText } from './json-members';
import type { ServiceFilter } from './service-filter';
import type { Source, SourceInstance } from './source';
import type { SourceHttp } from './source-http';

export interface EurekaOptions {
  http: SourceHttp;
  filter: ServiceFilter;
  /** Milliseconds, from anywhere. */
  now(): number;
}

/** How far back a delta is trusted to reach, in milliseconds. Eureka keeps changes for three minutes. */
const DELTA_REACH_MS = 120_000;

/** One page of Eureka's: all applications, or those that changed. */
interface Applications {
  hash: string;
  instances: unknown[];
}

/** Where an application's instance stands in a list: by application and id. */
const keyOf = (instance: unknown): string => {
  const { app, instanceId, hostName } = asObject(instance);
  return JSON.stringify([asText(app).toUpperCase(), asText(instanceId) || asText(hostName)]);
};

/**
 * The hash by which Eureka's clients tell that they missed something: how many instances there are of each status, by
 * name. Source: `Applications` of Netflix' eureka-client.
 */
export function hashOf(instances: Iterable<unknown>): string {
  const counts = new Map<string, number>();
  for (const instance of instances) {
    const status = asText(asObject(instance).status).toUpperCase() || 'UP';
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([status, count]) => `${status}_${count}_`).join('');
}

/** A Eureka over its REST API, read as its own clients do: everything once, then what has changed. */
export class EurekaSource implements Source {
  readonly name: string;
  readonly #options: EurekaOptions;
  #known: Map<string, unknown> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: EurekaOptions) {
    this.#options = options;
    this.name = `eureka ${options.http.host}`;
  }

  covers(service: ServiceName): boolean {
    return this.#options.filter(service);
  }

  async read(signal?: AbortSignal): Promise<SourceInstance[]> {
    const at = this.#options.now();
    const known = at - this.#readAt < DELTA_REACH_MS ? this.#known : undefined;
    const changed = known === undefined ? undefined : await this.#changed(known, signal);
    this.#known = changed ?? (await this.#all(signal));
    this.#readAt = at;
    return [...this.#known.values()].flatMap((instance) => {
      const found = fromEureka(instance);
      return found === undefined || !this.covers(found) ? [] : found;
    });
  }

  async #all(signal: AbortSignal | undefined): Promise<Map<string, unknown>> {
    const { instances } = applicationsIn(await this.#get('/apps/', signal));
    return new Map(instances.map((instance) => [keyOf(instance), instance]));
  }

  /** What is known with what has changed; undefined where that is not what the source has now, by its hash. */
  async #changed(
    known: Map<string, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<Map<string, unknown> | undefined> {
    const answer = await this.#answer('/apps/delta', signal);
    // Eureka can be told to have no deltas: 403, or 404 behind some gateways.
    if (answer === undefined) return undefined;
    const { hash, instances } = applicationsIn(answer);
    const next = new Map(known);
    for (const instance of instances) {
      if (asText(asObject(instance).actionType) === 'DELETED') next.delete(keyOf(instance));
      else next.set(keyOf(instance), instance);
    }
    return hashOf(next.values()) === hash ? next : undefined;
  }

  async #answer(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    try {
      return await this.#get(path, signal);
    } catch (error) {
      if (error instanceof CliError && (error.exitCode === EXIT.denied || error.exitCode === EXIT.failure))
        return undefined;
      throw error;
    }
  }

  #get(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    const { http } = this.#options;
    const { user, password = '', token } = http.credentials;
    const basic = user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const authorization = token === undefined ? basic : `Bearer ${token}`;
    return http.json(path, {
      headers: { Accept: 'application/json', ...(authorization !== undefined && { Authorization: authorization }) },
      ...(signal && { signal }),
    });
  }
}

/** @throws {CliError} for what no Eureka answers: an empty object would say that nothing is there. */
function applicationsIn(body: unknown): Applications {
  const { applications } = asObject(body);
  if (typeof applications !== 'object' || applications === null) {
    throw new CliError(
      EXIT.failure,
      'The source answers no list of applications.',
      'Is its url that of a Eureka, with the path that its clients are given, such as http://eureka:8761/eureka?',
    );
  }
  const { apps__hashcode: hash, application } = asObject(applications);
  const instances = asList(application).flatMap((each) => asList(asObject(each).instance));
  return { hash: asText(hash), instances };
}
