import { milliseconds, parseDuration } from './duration';
import { consulError } from './refusals';

/** Default and largest `wait`, which `index` turns into a blocking query. Source: `agent/consul/config.go`. */
const WAIT_MS = { byDefault: 300_000, most: 600_000 } as const;

/** Share of the wait that may be added at random, so that queries which began together do not end together. */
const JITTER_FRACTION = 16;

/** Largest index: an unsigned number of 64 bits. */
const UINT64_MAX = 2n ** 64n - 1n;

/** How recent an answer has to be. Answers here are always the newest; the headers of an answer repeat the mode. */
export type Consistency = 'leader' | 'consistent' | 'stale';

/** Parameters that all reads share. */
export interface ReadOptions {
  /** Index after which the caller waits for a newer answer; 0: no wait. */
  index: bigint;
  /** Longest wait, before the random part. */
  waitMs: number;
  consistency: Consistency;
  /** True: the caller accepts a kept answer, and the response has `X-Cache`. */
  cached: boolean;
  /** Empty: the datacenter of the agent. */
  datacenter: string;
  /** Hash after which the caller waits for another answer, where an endpoint uses hashes. */
  hash: string;
  filter: string;
  near: string;
  /** All of them must be tags of an instance, in any case. */
  tags: string[];
  /** All of them must be in the node's meta. */
  nodeMeta: Record<string, string>;
  pretty: boolean;
}

/** A conditional or locking write of a key. At most one of `cas`, `acquire` and `release` is set. */
export interface KvWriteOptions {
  flags: bigint;
  /** Index that the key must have; 0: it must not exist. */
  cas?: bigint;
  acquire?: string;
  release?: string;
}

/** Parses a boolean as Go's `strconv.ParseBool` does; undefined for other text. */
export function parseBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(?:0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
}

/** Parameters of a request's query. Requests with the same query may share them. */
export class QueryParameters {
  readonly #all: URLSearchParams;
  #readOptions: Readonly<ReadOptions> | undefined;

  /** @param text Query without its question mark, still encoded. */
  constructor(text: string) {
    this.#all = new URLSearchParams(text);
  }

  /** Reports whether a parameter is present. For flags such as `stale`, the value does not matter. */
  has(name: string): boolean {
    return this.#all.has(name);
  }

  /** Returns the first value; empty if the parameter is absent. */
  text(name: string): string {
    return this.#all.get(name) ?? '';
  }

  /** Returns the parameters that all reads share. @throws {RegistryError} `INVALID_REQUEST` with Consul's text. */
  readOptions(): Readonly<ReadOptions> {
    this.#readOptions ??= Object.freeze(this.#parsedOptions());
    return this.#readOptions;
  }

  #parsedOptions(): ReadOptions {
    return {
      index: this.#index(),
      waitMs: this.#waitMs(),
      ...this.#consistency(),
      datacenter: this.text('dc'),
      hash: this.text('hash'),
      filter: this.text('filter'),
      near: this.text('near'),
      tags: this.#all.getAll('tag'),
      nodeMeta: Object.fromEntries(this.#all.getAll('node-meta').map(metaPair)),
      pretty: this.has('pretty'),
    };
  }

  /** Returns true if only instances whose checks all pass are requested. An empty value means true. */
  passing(): boolean {
    return this.has('passing') && this.#flag('passing', consulError(400, 'Invalid value for ?passing'));
  }

  /** Returns the switch of maintenance mode, which has no default. */
  enable(): boolean {
    if (!this.has('enable')) throw consulError(400, 'Missing value for enable');
    const text = this.text('enable');
    const enabled = parseBool(text);
    if (enabled === undefined) throw consulError(400, `Invalid value for enable: ${JSON.stringify(text)}`);
    return enabled;
  }

  /** Returns true if a registration replaces checks that it does not mention. */
  replacesChecks(): boolean {
    return this.has('replace-existing-checks') && ['', 'true'].includes(this.text('replace-existing-checks'));
  }

  /** Returns the options of a `PUT` of a key. */
  kvWrite(): KvWriteOptions {
    this.#refuseConflicts('cas', 'acquire', 'release');
    return {
      flags: this.#unsigned('flags') ?? 0n,
      ...this.#cas(),
      ...(this.has('acquire') ? { acquire: this.text('acquire') } : {}),
      ...(this.has('release') ? { release: this.text('release') } : {}),
    };
  }

  /** Returns the options of a `DELETE` of a key. */
  kvDelete(): { recurse: boolean; cas?: bigint } {
    this.#refuseConflicts('recurse', 'cas');
    return { recurse: this.has('recurse'), ...this.#cas() };
  }

  /** Returns the separator of a list of keys, also in the spelling of the first clients. */
  separator(): string {
    return this.has('separator') ? this.text('separator') : this.text('seperator');
  }

  /** Spring's watch of a context that it never read sends -1. */
  #index(): bigint {
    const text = this.text('index');
    if (text === '' || text === '-1') return 0n;
    const index = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
    if (index < 0n || index > UINT64_MAX) throw consulError(400, 'Invalid index');
    return index;
  }

  #waitMs(): number {
    const text = this.text('wait');
    if (text === '') return WAIT_MS.byDefault;
    const wait = parseDuration(text);
    if (typeof wait === 'object') throw consulError(400, 'Invalid wait time');
    return wait <= 0 ? WAIT_MS.byDefault : Math.min(milliseconds(wait), WAIT_MS.most);
  }

  #consistency(): Pick<ReadOptions, 'consistency' | 'cached'> {
    const maxStale = this.text('max_stale');
    const age = maxStale === '' ? 0 : parseDuration(maxStale);
    if (typeof age === 'object') throw consulError(400, `Invalid max_stale value ${JSON.stringify(maxStale)}`);
    const stale = this.has('stale') || age > 0;
    const consistent = this.has('consistent');
    const cached = this.has('cached');
    if (consistent && (stale || cached)) {
      const other = stale ? 'stale' : 'cached';
      throw consulError(400, `Cannot specify ?${other} with ?consistent, conflicting semantics.`);
    }
    return { consistency: consistent ? 'consistent' : stale ? 'stale' : 'leader', cached };
  }

  #cas(): { cas?: bigint } {
    const cas = this.#unsigned('cas');
    return cas === undefined ? {} : { cas };
  }

  /** Consul's status for these is 500, with the text of its parser. */
  #unsigned(name: string): bigint | undefined {
    if (!this.has(name)) return undefined;
    const text = this.text(name);
    const failed = (why: string) => consulError(400, `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`);
    if (!/^\d+$/.test(text)) throw failed('invalid syntax');
    // A number of a million digits takes long to parse.
    const number = text.length > 1_000 ? UINT64_MAX + 1n : BigInt(text);
    if (number > UINT64_MAX) throw failed('value out of range');
    return number;
  }

  #flag(name: string, error: Error): boolean {
    const text = this.text(name);
    const flag = text === '' ? true : parseBool(text);
    if (flag === undefined) throw error;
    return flag;
  }

  #refuseConflicts(...names: string[]): void {
    if (names.filter((name) => this.has(name)).length < 2) return;
    const sorted = new URLSearchParams(this.#all);
    sorted.sort();
    throw consulError(400, `Conflicting flags: ${sorted}`);
  }
}

/** Parses `key:value`; without a colon, the value is empty. */
function metaPair(text: string): [string, string] {
  const cut = text.indexOf(':');
  return cut < 0 ? [text, ''] : [text.slice(0, cut), text.slice(cut + 1)];
}

/**
 * Returns how long a blocking query may take.
 *
 * @param random Number from 0 up to, but not including, 1. Waits below 10 s get no random part: clients with short ones have
 * short timeouts.
 */
export function blockingMs(waitMs: number, random: number): number {
  return waitMs < 10_000 ? waitMs : waitMs + Math.floor((waitMs / JITTER_FRACTION) * random);
}
