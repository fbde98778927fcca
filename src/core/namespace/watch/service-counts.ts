import type { ServiceKey } from '../../../model/namespace-api';
import type { Catalog } from '../records/catalog';
import { serviceSummary } from '../records/view';
import { isEntry, type Watchable } from './watch-scope';

/**
 * The counts of services as of one revision, for the watches that ask for them. Each service is counted once, however many
 * watches there are.
 *
 * A service that has changed since is left out, as its counts of that time are unknown: a watch that catches up gets them
 * with the frame of the later change. So no count is sent before the change that it includes is durable.
 */
export class ServiceCounts {
  readonly #catalog: Catalog;
  readonly #revision: number;
  /** Encoded counts by group and name; empty for a service that is left out. */
  readonly #texts = new Map<string, string>();

  constructor(catalog: Catalog, revision: number) {
    this.#catalog = catalog;
    this.#revision = revision;
  }

  /** Returns the frames of the revision's changes, with the counts of their services in the last frame. */
  addedTo(frames: readonly string[], changes: readonly { of: Watchable }[]): readonly string[] {
    const texts = [...new Set(changes.map(({ of }) => (isEntry(of) ? '' : this.#textOf(of))))].filter(
      (text) => text !== '',
    );
    if (texts.length === 0) return frames;
    const last = frames.at(-1)?.slice(0, -1);
    return [...frames.slice(0, -1), `${last},"counts":[${texts.join(',')}]}`];
  }

  #textOf({ group, service }: ServiceKey): string {
    const name = `${group}\u0000${service}`;
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const entry = this.#catalog.service({ group, service });
    const text = entry?.revision === this.#revision ? JSON.stringify(serviceSummary(entry)) : '';
    this.#texts.set(name, text);
    return text;
  }
}
