import type { LayoutRule } from '../../../model/layout';
import {
  NACOS_CACHE_MS,
  NACOS_CHECK_MAX_AGE_MS,
  POLLER_LINGER_MS,
  SESSION_PING_INTERVAL_MS,
} from '../../../model/limits';
import type { NamespaceIntervals, NamespaceLimits, NamespaceSettings } from '../../../model/namespace';
import { readProperty, writeProperty } from '../../storage/schema';
import type { SqlStorage } from '../../storage/sql-storage';
import { DEFAULT_RETENTION, type Retention } from './journal';

const PROPERTY = 'settings';

/** Settings of a namespace; durable, and in effect at once. */
export class Settings {
  readonly #defaults: Retention;
  #text: string;
  #settings: NamespaceSettings;

  /** @param defaults Retention if the settings have none. */
  constructor(storage: SqlStorage, defaults: Retention = DEFAULT_RETENTION) {
    this.#defaults = defaults;
    this.#text = readProperty(storage, PROPERTY) ?? '{"retention":{},"limits":{}}';
    this.#settings = JSON.parse(this.#text) as NamespaceSettings; // `as`: only writeSettings writes it
  }

  get limits(): NamespaceLimits {
    return this.#settings.limits;
  }

  /** True if instances registered through the Eureka dialect are kept while too many of them fail to renew. */
  get selfPreservation(): boolean {
    return this.#settings.selfPreservation ?? false;
  }

  /** Intervals that this namespace gives to clients instead of the defaults. */
  get intervals(): NamespaceIntervals {
    return this.#settings.intervals ?? {};
  }

  /** Layouts that are used under prefixes of this namespace. */
  get layouts(): readonly LayoutRule[] {
    return this.#settings.layouts ?? [];
  }

  /** Interval at which sessions ping. */
  get sessionPingMs(): number {
    return this.intervals.sessionPingMs ?? SESSION_PING_INTERVAL_MS;
  }

  /** Time for which readers may use shared copies of the Nacos dialect: until it asks again, and then until they poll. */
  get sharedForMs(): number {
    return NACOS_CHECK_MAX_AGE_MS + (this.intervals.nacosPollMs ?? NACOS_CACHE_MS);
  }

  /** Time for which a poller is live after its last poll: dialects may report a poll only with the next one. */
  get pollerLingerMs(): number {
    return Math.max(POLLER_LINGER_MS, 2 * this.sharedForMs);
  }

  get retention(): Retention {
    const { maxAgeMs, maxCount, maxBytes } = this.#settings.retention;
    const { maxAgeMs: age, maxCount: count, maxBytes: bytes, entries } = this.#defaults;
    return { maxAgeMs: maxAgeMs ?? age, maxCount: maxCount ?? count, maxBytes: maxBytes ?? bytes, entries };
  }

  /** Replaces the settings. Returns false if they are the same. */
  replace(settings: NamespaceSettings): boolean {
    const text = JSON.stringify(settings);
    if (text === this.#text) return false;
    this.#text = text;
    this.#settings = settings;
    return true;
  }
}

/** Stores settings. Runs inside a commit. */
export function writeSettings(storage: SqlStorage, settings: NamespaceSettings): void {
  writeProperty(storage, PROPERTY, JSON.stringify(settings));
}
