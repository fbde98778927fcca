import {
  type Format,
  type ListHead,
  listPieces,
  type WrittenApplication,
  writeApplication,
  writeList,
  writeSingle,
} from '../../codecs/eureka/document';
import { statusHash } from '../../codecs/eureka/status';
import { EUREKA_LIST_KEPT_MAX_BYTES } from '../../model/limits';
import { gzipped } from './answers';
import type { Fleet, Member, Told } from './fleet';

/** Version of a full list: Eureka's own is always this. `-1` would tell clients that there is no delta. */
const FULL_VERSION = '1';

/** Version of a list by virtual address, which has no delta. */
const SELECTED_VERSION = '-1';

const asAdded = (member: Member): Told => ({ member, action: 'ADDED' });

/** Everything there is. */
export function fullList(fleet: Fleet, format: Format): string {
  return list({ version: FULL_VERSION, hash: fleet.hash }, [...fleet.members()].map(asAdded), format);
}

/**
 * The same in pieces, each written when it is asked for, and not kept: for a list that would fill an isolate's memory. It
 * is of the moment of the call, whatever happens to the fleet until its last piece.
 */
export function fullListPieces(fleet: Fleet, format: Format): Iterable<string> {
  const applications = applicationsIn([...fleet.members()].map(asAdded), (all) => written(all, format));
  return listPieces({ version: FULL_VERSION, hash: fleet.hash }, applications, format);
}

function* written(all: readonly Told[], format: Format): Generator<string> {
  for (const { member, action } of all) yield member.write(format, action);
}

/**
 * What changed lately, with the hash of everything: a client applies it, counts its own copy, and reads everything where
 * the counts differ. The version changes with every revision, as some clients pass over a delta whose version and hash
 * they have seen.
 *
 * @param now Milliseconds since the epoch.
 */
export function deltaList(fleet: Fleet, now: number, format: Format): string {
  return list({ version: String(fleet.revision), hash: fleet.hash }, fleet.delta(now), format);
}

/** The instances of a virtual address. None is an empty list. */
export function addressList(
  fleet: Fleet,
  member: 'vipAddress' | 'secureVipAddress',
  address: string,
  format: Format,
): string {
  const found = fleet.filter(({ info }) => info[member]?.split(',').includes(address) ?? false);
  const hash = statusHash(found.map(({ info }) => info.status));
  return list({ version: SELECTED_VERSION, hash }, found.map(asAdded), format);
}

/** One application; undefined where there is none. */
export function application(members: readonly Member[], format: Format): string | undefined {
  const [found] = applicationsOf(members.map(asAdded), format);
  return found === undefined ? undefined : writeApplication(found, format);
}

/** One instance by itself. */
export function single(member: Member, format: Format): string {
  return writeSingle(member.text(format, 'ADDED'), format);
}

function list(head: ListHead, told: readonly Told[], format: Format): string {
  return writeList(head, applicationsOf(told, format), format);
}

/** Instances by their applications, which come by name. */
function applicationsIn(
  told: readonly Told[],
  instancesOf: (all: readonly Told[]) => Iterable<string>,
): WrittenApplication[] {
  const byName = Map.groupBy(told, ({ member }) => member.info.app);
  const compare = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  return [...byName].sort(compare).map(([name, all]) => ({ name, instances: instancesOf(all) }));
}

function applicationsOf(told: readonly Told[], format: Format): WrittenApplication[] {
  return applicationsIn(told, (all) => all.map(({ member, action }) => member.text(format, action)));
}

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
