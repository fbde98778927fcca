import { nacosError } from '../../codecs/nacos/refusals';
import type { NamingFuzzyWatchRequest } from '../../codecs/nacos/requests';
import { RegistryError } from '../../model/errors';
import { NACOS_NAMES_PER_PUSH_MAX_COUNT, NACOS_PATTERNS_PER_CONNECTION_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { DEFAULT_NAMESPACE, GROUP_SEPARATOR } from '../../model/service-name';
import type { Push } from './pushes';
import type { ServiceNames } from './service-names';

/** Separates namespace, group and service in a pattern. */
const PATTERN_SEPARATOR = '>>';

/** Nacos' code for too many patterns. */
const PATTERN_OVER_LIMIT = 50_310;

/** A pattern for names of services. */
export interface FuzzyPattern {
  readonly namespace: string;
  matches(service: ServiceKey): boolean;
}

/**
 * Parses a pattern, such as `public>>DEFAULT_GROUP>>orders*`. Source: `FuzzyGroupKeyPattern` of Nacos 3.1.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function parsePattern(text: string): FuzzyPattern {
  const [namespace = '', group, service, more] = text.split(PATTERN_SEPARATOR);
  if (group === undefined || service === undefined || more !== undefined) {
    throw nacosError(
      'PARAMETER_VALIDATE_ERROR',
      `Param 'groupKeyPattern' is illegal, it is not namespace>>group>>service.`,
    );
  }
  const [isGroup, isService] = [matcher(group), matcher(service)];
  return {
    namespace: namespace || DEFAULT_NAMESPACE,
    matches: (named) => isGroup(named.group) && isService(named.service),
  };
}

/** Returns a test for one part of a pattern: a whole name, or a part of one with a `*` before it, after it, or both. */
function matcher(pattern: string): (name: string) => boolean {
  const text = pattern.replaceAll('*', '');
  if (text === pattern) return (name) => name === text;
  if (pattern.startsWith('*') && pattern.endsWith('*')) return (name) => name.includes(text);
  if (pattern.startsWith('*')) return (name) => name.endsWith(text);
  return pattern.endsWith('*') ? (name) => name.startsWith(text) : () => false;
}

/** Names of services that match a pattern, and what the client knows of them. */
interface WatchedPattern {
  readonly text: string;
  readonly pattern: FuzzyPattern;
  /** Keys of services that the client has been sent. */
  readonly known: Set<string>;
  /** Services, by key, about which the client may have to be told. */
  readonly pending: Map<string, ServiceKey>;
  /** True until the client has been told that it has all of them. */
  isInitializing: boolean;
  isWaiting: boolean;
}

/** Name of a service in these pushes. */
const keyOf = (namespace: string, { group, service }: ServiceKey): string =>
  [namespace, group, service].join(GROUP_SEPARATOR);

/** Reads a key that a client has; undefined if it is none. */
function serviceOf(key: string): ServiceKey | undefined {
  const [, group, service] = key.split(GROUP_SEPARATOR);
  return group === undefined || service === undefined ? undefined : { group, service };
}

/**
 * The patterns by which one client watches the names of services of a namespace. For each, one push at a time is on its way: the
 * next difference between what there is and what the client knows.
 */
export class FuzzyWatches {
  readonly #names: ServiceNames;
  readonly #push: (push: Push) => void;
  readonly #patterns = new Map<string, WatchedPattern>();
  readonly #touched = (service: ServiceKey): void => {
    for (const { pattern, pending } of this.#patterns.values()) {
      if (pattern.matches(service)) pending.set(keyOf(pattern.namespace, service), service);
    }
  };

  constructor(names: ServiceNames, push: (push: Push) => void) {
    this.#names = names;
    this.#push = push;
    names.listeners.add(this.#touched);
  }

  get size(): number {
    return this.#patterns.size;
  }

  /** Begins to watch a pattern, or compares what the client knows. @throws {RegistryError} `LIMIT_EXCEEDED`. */
  watch(pattern: FuzzyPattern, request: NamingFuzzyWatchRequest): void {
    const { groupKeyPattern: text, receivedGroupKeys, initializing: isInitializing } = request;
    const before = this.#patterns.get(text);
    if (before === undefined && this.#patterns.size >= NACOS_PATTERNS_PER_CONNECTION_MAX_COUNT) {
      const message = `a client may watch ${NACOS_PATTERNS_PER_CONNECTION_MAX_COUNT} patterns; cancel one`;
      throw new RegistryError('LIMIT_EXCEEDED', message, { dialectCode: PATTERN_OVER_LIMIT });
    }
    const known = new Set<string>();
    const pending = new Map<string, ServiceKey>();
    for (const key of receivedGroupKeys ?? []) {
      const service = serviceOf(key);
      if (service === undefined || !pattern.matches(service)) continue;
      known.add(key);
      pending.set(key, service);
    }
    for (const service of this.#names.all()) {
      if (pattern.matches(service)) pending.set(keyOf(pattern.namespace, service), service);
    }
    const watched = { text, pattern, known, pending, isInitializing, isWaiting: false };
    this.#patterns.set(text, watched);
    this.#advance(watched);
  }

  cancel(text: string): void {
    this.#patterns.delete(text);
  }

  /** Sends what has changed. */
  changed(): void {
    for (const watched of this.#patterns.values()) this.#advance(watched);
  }

  close(): void {
    this.#patterns.clear();
    this.#names.listeners.delete(this.#touched);
  }

  #advance(watched: WatchedPattern): void {
    if (watched.isWaiting) return;
    if (watched.isInitializing) {
      this.#initialize(watched);
      return;
    }
    const { known, pending } = watched;
    for (const [key, service] of pending) {
      pending.delete(key);
      const exists = this.#names.has(service);
      if (exists === known.has(key)) continue;
      const changedType = exists ? 'ADD_SERVICE' : 'DELETE_SERVICE';
      const members = { syncType: 'FUZZY_WATCH_RESOURCE_CHANGED', serviceKey: key, changedType };
      this.#send(watched, 'NamingFuzzyWatchChangeNotifyRequest', members, [[key, service]], () => {
        if (exists) known.add(key);
        else known.delete(key);
      });
      return;
    }
  }

  /** Sends names that the client lacks, and once it has all of them, that it does. */
  #initialize(watched: WatchedPattern): void {
    const { known, pending } = watched;
    const batch: [string, ServiceKey][] = [];
    for (const [key, service] of pending) {
      if (batch.length === NACOS_NAMES_PER_PUSH_MAX_COUNT) break;
      // Services that are gone are reported after that.
      if (!this.#names.has(service) || known.has(key)) continue;
      pending.delete(key);
      batch.push([key, service]);
    }
    const members = {
      syncType: batch.length > 0 ? 'FUZZY_WATCH_INIT_NOTIFY' : 'FINISH_FUZZY_WATCH_INIT_NOTIFY',
      groupKeyPattern: watched.text,
      contexts: batch.map(([serviceKey]) => ({ serviceKey, changedType: 'ADD_SERVICE' })),
      totalBatch: 1,
      currentBatch: 1,
    };
    this.#send(watched, 'NamingFuzzyWatchSyncRequest', members, batch, () => {
      for (const [key] of batch) known.add(key);
      if (batch.length === 0) watched.isInitializing = false;
    });
  }

  /** @param about Services of the push, which are pending again if it is not answered. */
  #send(
    watched: WatchedPattern,
    type: string,
    members: object,
    about: readonly (readonly [string, ServiceKey])[],
    taken: () => void,
  ): void {
    watched.isWaiting = true;
    const next = (): void => {
      watched.isWaiting = false;
      if (this.#patterns.get(watched.text) === watched) this.#advance(watched);
    };
    this.#push({
      type,
      parts: [JSON.stringify({ module: 'naming', ...members }).slice(1)],
      acknowledged: () => {
        taken();
        next();
      },
      late: () => {
        for (const [key, service] of about) watched.pending.set(key, service);
        next();
      },
    });
  }
}
