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
import type { Fleet, Member, MemberChange } from './fleet';

/** Version of a full list, always the same in Eureka too. `-1` would mean that there is no delta. */
const FULL_VERSION = '1';

/** Version of a list by virtual address, which has no delta. */
const SELECTED_VERSION = '-1';

const asAdded = (member: Member): MemberChange => ({ member, action: 'ADDED' });

/** Writes a list of all applications. */
export function fullList(fleet: Fleet, format: Format): string {
  return list({ version: FULL_VERSION, hash: fleet.hash }, [...fleet.members()].map(asAdded), format);
}

/**
 * Writes the same list in pieces on demand without caching them, for a list that would fill an isolate's memory. The list
 * has the state at the time of the call, even if the fleet changes before its last piece.
 */
export function fullListPieces(fleet: Fleet, format: Format): Iterable<string> {
  const applications = applicationsIn([...fleet.members()].map(asAdded), (all) => written(all, format));
  return listPieces({ version: FULL_VERSION, hash: fleet.hash }, applications, format);
}

function* written(all: readonly MemberChange[], format: Format): Generator<string> {
  for (const { member, action } of all) yield member.write(format, action);
}

/**
 * Writes a list of recent changes, with the hash of all instances. A client applies it, computes the hash of its copy, and
 * reads the full list if they differ. The version changes with every revision, because some clients ignore a delta whose
 * version and hash they have already seen.
 *
 * @param now Milliseconds since the epoch.
 */
export function deltaList(fleet: Fleet, now: number, format: Format): string {
  return list({ version: String(fleet.revision), hash: fleet.hash }, fleet.delta(now), format);
}

/** Writes a list of the instances with a virtual address, which may be empty. */
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

/** Writes one application; returns undefined if it does not exist. */
export function application(members: readonly Member[], format: Format): string | undefined {
  const [found] = applicationsOf(members.map(asAdded), format);
  return found === undefined ? undefined : writeApplication(found, format);
}

/** Writes one instance. */
export function single(member: Member, format: Format): string {
  return writeSingle(member.text(format, 'ADDED'), format);
}

function list(head: ListHead, changes: readonly MemberChange[], format: Format): string {
  return writeList(head, applicationsOf(changes, format), format);
}

/** Groups instances by application, sorted by name. */
function applicationsIn(
  changes: readonly MemberChange[],
  instancesOf: (all: readonly MemberChange[]) => Iterable<string>,
): WrittenApplication[] {
  const byName = Map.groupBy(changes, ({ member }) => member.info.app);
  const compare = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  return [...byName].sort(compare).map(([name, all]) => ({ name, instances: instancesOf(all) }));
}

function applicationsOf(changes: readonly MemberChange[], format: Format): WrittenApplication[] {
  return applicationsIn(changes, (all) => all.map(({ member, action }) => member.text(format, action)));
}

/** An encoded list. */
interface Encoded {
  revision: number;
  plain: Uint8Array;
  gzip?: Uint8Array;
}

const encoder = new TextEncoder();

/** Characters that are encoded and compressed at once. */
const PIECE_LENGTH = 64 * 1024;

/**
 * Cache of encoded full lists. Each is written once per revision, compressed once, and then served from memory. One that
 * would fill the memory is streamed instead.
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
    // Two concurrent requests may both compress it, which is only wasted work.
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

/** Returns a stream that writes pieces as its reader takes them. */
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
