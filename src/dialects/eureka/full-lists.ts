import { gzipped } from './answers';
import type { Format } from './document';
import type { Fleet } from './fleet';
import { fullList } from './lists';

/** A list as it is sent. */
interface Encoded {
  revision: number;
  plain: Uint8Array;
  gzip?: Uint8Array;
}

const encoder = new TextEncoder();

/** Full lists as they are sent: each is written once a revision, compressed once, and then served from memory. */
export class FullLists {
  readonly #kept = new WeakMap<Fleet, Partial<Record<Format, Encoded>>>();

  async of(fleet: Fleet, format: Format, isGzip: boolean): Promise<Uint8Array> {
    const list = this.#encoded(fleet, format);
    if (!isGzip) return list.plain;
    // Two requests at once may both compress it: the second one's work is lost, and nothing else.
    list.gzip ??= await gzipped(list.plain);
    return list.gzip;
  }

  #encoded(fleet: Fleet, format: Format): Encoded {
    const kept = this.#kept.get(fleet) ?? {};
    this.#kept.set(fleet, kept);
    const { revision } = fleet;
    if (kept[format]?.revision === revision) return kept[format];
    const made: Encoded = { revision, plain: encoder.encode(fullList(fleet, format)) };
    kept[format] = made;
    return made;
  }
}
