import { serviceOf } from '../../codecs/eureka/app-names';
import type { WrittenInfo } from '../../codecs/eureka/info';
import { type InstanceList, type ListedInstance, readList } from '../../codecs/eureka/list-reader';
import { registrationOf } from '../../codecs/eureka/registration';
import { statusHash } from '../../codecs/eureka/status';
import { hasCode } from '../../model/errors';
import { CliError, EXIT } from '../terminal/failure';
import type { ServiceName } from '../terminal/option-values';
import type { ServiceFilter, Source, SourceInstance } from './source';
import type { SourceHttp } from './source-http';

export interface EurekaOptions {
  http: SourceHttp;
  filter: ServiceFilter;
  /** Returns milliseconds on a monotonic clock. */
  now(): number;
}

/** Age up to which a delta is used, in milliseconds. Eureka keeps changes for three minutes. */
const DELTA_REACH_MS = 120_000;

/** Instances of the source, by their names. */
type Known = ReadonlyMap<string, ListedInstance>;

/** A Eureka registry, read over its REST API like its own clients do: everything once, then deltas. */
export class EurekaSource implements Source {
  readonly name: string;
  readonly #options: EurekaOptions;
  #known: Known | undefined;
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
    return [...this.#known.values()].flatMap(({ info }) => {
      const found = info === undefined ? undefined : mirrored(info);
      return found === undefined || !this.covers(found) ? [] : found;
    });
  }

  async #all(signal: AbortSignal | undefined): Promise<Known> {
    const { instances } = listIn(await this.#get('/apps/', signal));
    return new Map(instances.map((instance) => [instance.name, instance]));
  }

  /** Applies a delta to the known instances; undefined if the result does not match the hash of the source. */
  async #changed(known: Known, signal: AbortSignal | undefined): Promise<Known | undefined> {
    const answer = await this.#answer('/apps/delta', signal);
    // Deltas can be disabled in Eureka: 403, or 404 behind some gateways.
    if (answer === undefined) return undefined;
    const { hash, instances } = listIn(answer);
    const next = new Map(known);
    for (const instance of instances) {
      if (instance.isDeleted) next.delete(instance.name);
      else next.set(instance.name, instance);
    }
    const statuses = [...next.values()].map(({ status }) => status);
    return statusHash(statuses) === hash ? next : undefined;
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

/** @throws {CliError} If the response is not from Eureka: an empty object would look like an empty registry. */
function listIn(body: unknown): InstanceList {
  const list = readList(body);
  if (list !== undefined) return list;
  throw new CliError(
    EXIT.failure,
    'The source did not return a list of applications.',
    'Check that the url is the one that Eureka clients use, such as http://eureka:8761/eureka.',
  );
}

/**
 * Converts an instance in the same way as the registry's Eureka dialect, so that Eureka clients find it unchanged;
 * undefined for one that can't be called. Its status is the effective one at the source, including overrides.
 */
export function mirrored(info: WrittenInfo): SourceInstance | undefined {
  try {
    const { plain, ports, extensions } = registrationOf(info, info.status);
    const { lease: _, node, ...members } = plain;
    const body = { ...(node === '' ? {} : { node }), ...members, ports, extensions };
    return { ...serviceOf(info.app), id: info.instanceId, body };
  } catch (error) {
    if (hasCode(error, 'INVALID_REQUEST')) return undefined;
    throw error;
  }
}
