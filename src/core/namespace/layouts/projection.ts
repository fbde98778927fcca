import type { InstanceKey } from '../../../model/batch';
import type { Layout, LayoutRule } from '../../../model/layout';
import type { Platform } from '../../platform/platform';
import { readProperty, writeProperty } from '../../storage/schema';
import type { Projected, Projection } from '../commit/commit-state';
import type { Draft } from '../commit/draft';
import { isSynthetic } from '../entries/entry';
import type { EntryStore } from '../entries/entry-store';
import type { Catalog } from '../records/catalog';
import type { GrantedLease, InstanceEntry } from '../records/catalog-entries';
import { DescribedInstances, type ReadEntry, readingOf } from './described';
import { LayoutPlan } from './layout-plan';
import { Shadowed } from './shadowed';
import { ShownEntries } from './shown-entries';

/** Property with the fingerprint of the layouts that everything has been read and shown by; absent as long as there are none. */
const PROPERTY = 'layouts';

/** Fingerprint of a namespace in which nothing was ever read or shown. */
const NEVER = '';

/** Fingerprint of a namespace in which something was, before all of it was looked at. */
const BEGUN = '?';

/** Things that a draft concerns besides its changes: they are looked at again. */
export interface LookAgain {
  readonly entries?: Iterable<ReadEntry>;
  readonly instances?: Iterable<InstanceKey>;
  /** Keys of entries. */
  readonly keys?: Iterable<string>;
}

/** The parts of a namespace that layouts read. */
export interface LayoutParts {
  platform: Pick<Platform, 'storage' | 'layouts' | 'log'>;
  catalog: Catalog;
  entries: EntryStore;
  /** Instances that entries describe, as a wake has loaded them. */
  described: readonly InstanceEntry[];
}

/**
 * The layouts of a namespace. Every draft passes through here before it is committed: an instance is added, changed or
 * removed with the entry that describes it, and a synthetic entry with the instance that it shows, in the same revision.
 */
export class Layouts implements Projection {
  readonly #platform: LayoutParts['platform'];
  readonly #layouts: readonly Layout[];
  readonly #described: DescribedInstances;
  readonly #shadowed: Shadowed;
  readonly #shown: ShownEntries;
  #plan: LayoutPlan;
  /** Fingerprint by which everything has been read and shown. */
  #settled: string;
  /** Set while a draft is made that looks at more than its changes. */
  #again: LookAgain = {};

  constructor({ platform, catalog, entries, described }: LayoutParts, rules: readonly LayoutRule[]) {
    this.#platform = platform;
    this.#layouts = platform.layouts ?? [];
    this.#described = new DescribedInstances(catalog, described);
    this.#settled = readProperty(platform.storage, PROPERTY) ?? NEVER;
    this.#shadowed = new Shadowed(platform.storage, this.#settled !== NEVER);
    this.#shown = new ShownEntries(catalog, entries, this.#shadowed);
    this.#plan = new LayoutPlan(this.#layouts, rules, platform.log);
  }

  /** Puts other rules in effect, for all changes from now on. What is there already has to be looked at again. */
  configure(rules: readonly LayoutRule[]): void {
    this.#plan = new LayoutPlan(this.#layouts, rules, this.#platform.log);
  }

  get plan(): LayoutPlan {
    return this.#plan;
  }

  /** True if something may have been read or shown by other layouts, or by other versions of them. */
  get isOutdated(): boolean {
    return this.#settled !== this.#plan.fingerprint;
  }

  /** True if anything was ever read or shown. */
  get isBegun(): boolean {
    return this.#settled !== NEVER;
  }

  /** Returns whether the entry of a key describes an instance. */
  describes(key: string): boolean {
    return this.#described.has(key);
  }

  /** Keys under which layouts would show instances, and other entries are. */
  get shadowedKeys(): Iterable<string> {
    return this.#shadowed.keys();
  }

  /** Records that everything has been read and shown by the present layouts. Returns a function that writes it. */
  settle(): () => void {
    return this.#settleAs(this.#plan.fingerprint);
  }

  #settleAs(fingerprint: string): () => void {
    this.#settled = fingerprint;
    return () => writeProperty(this.#platform.storage, PROPERTY, fingerprint);
  }

  /** Runs `work`, whose only commit also looks at other things than its changes. */
  lookAgain(again: LookAgain, work: () => void): void {
    this.#again = again;
    try {
      work();
    } finally {
      this.#again = {};
    }
  }

  concerns({ keys, locks, instances }: Pick<GrantedLease, 'keys' | 'locks' | 'instances'>): boolean {
    if (this.#plan.shows && instances.size > 0) return true;
    if (this.#described.size + this.#shadowed.size === 0) return false;
    for (const held of [keys, locks]) {
      for (const key of held) if (this.#described.has(key) || this.#shadowed.at(key).length > 0) return true;
    }
    return false;
  }

  #describesAny(draft: Draft, others: Iterable<ReadEntry>): boolean {
    for (const [, { after }] of draft.entries.changes)
      if (readingOf(draft, this.#plan, after) !== undefined) return true;
    for (const { after } of others) if (readingOf(draft, this.#plan, after) !== undefined) return true;
    return false;
  }

  project(draft: Draft): Projected | undefined {
    const { reads, shows } = this.#plan;
    const { entries = [], instances = [], keys = [] } = this.#again;
    // Nearly all namespaces: nothing was ever read or shown, and nothing is now.
    const isUnused = this.#settled === NEVER && this.#described.size === 0 && !shows;
    if (isUnused && !(reads && this.#describesAny(draft, entries))) return undefined;
    draft.keepCause();
    if (reads || this.#described.size > 0)
      this.#described.follow(draft, this.#plan, [...changedEntries(draft), ...entries]);
    const describe = this.#described.afterwards(draft);
    const shadow = this.#shown.follow(draft, this.#plan, { instances, keys });
    const isFirst = this.#settled === NEVER && (describe !== undefined || shadow.length > 0 || showsAnything(draft));
    if (describe === undefined && shadow.length === 0 && !isFirst) return undefined;
    return () => {
      describe?.();
      const writes = shadow.map(([key, showers]) => this.#shadowed.set(key, showers));
      if (isFirst) writes.push(this.#settleAs(BEGUN));
      return () => {
        for (const write of writes) write();
      };
    };
  }
}

function showsAnything(draft: Draft): boolean {
  return [...draft.entries.changes].some(([, { after }]) => after !== null && isSynthetic(after));
}

function* changedEntries(draft: Draft): Generator<ReadEntry> {
  for (const [key, { cause, after }] of draft.entries.changes) yield { key, cause, after };
}
