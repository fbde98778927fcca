import { EUREKA_LIST_KEPT_MAX_BYTES } from '../../model/limits';
import { gzipped } from './answers';
import type { Format } from './document';
import type { Fleet } from './fleet';
import { fullList, fullListPieces } from './lists';

/** A list as it is sent. */
interface Encoded {
  revision: number;
  plain: Uint8Array;
  gzip?: Uint8Array;
}

const encoder = new TextEncoder();

/** Texts are encoded and compressed by so many characters at once. */
const PIECE_LENGTH = 64 * 1024;

/**
 * Full lists as they are sent: each is written once a revision, compressed once, and then served from memory. One that would
 * fill the memory is streamed instead.
 */
export class FullLists {
  readonly #kept = new WeakMap<Fleet, Partial<Record<Format, Encoded>>>();

  async of(fleet: Fleet, format: Format, isGzip: boolean): Promise<Uint8Array | ReadableStream> {
    if (fleet.textSize > EUREKA_LIST_KEPT_MAX_BYTES) {
      const list = streamOf(fullListPieces(fleet, format));
      return isGzip ? list.pipeThrough(new CompressionStream('gzip')) : list;
    }
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

/** Writes the pieces when their reader has room for them. */
function streamOf(pieces: Iterable<string>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const rest = pieces[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      let text = '';
      while (text.length < PIECE_LENGTH) {
        const { done, value } = rest.next();
        if (!done) {
          text += value;
          continue;
        }
        if (text !== '') controller.enqueue(encoded(text));
        controller.close();
        return;
      }
      controller.enqueue(encoded(text));
    },
  });
}

// `as`: an encoder's buffer is its own, and not shared.
const encoded = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text) as Uint8Array<ArrayBuffer>;
