import { BOOKMARK_INTERVAL_MS } from '../../../src/model/limits';
import { ClientReplica } from './client-replica';
import { isInScope, type RecordChange } from './record-change';
import { type Link, type Received, revisionOf, type StreamHistory } from './stream-history';
import { TrueState, type Truth } from './truth';

/** Describes the problems of a history. */
type Validator = (stream: StreamHistory, truth: Truth) => string[];

/** Maximum time from the decision of a revision until all live watchers have it: two slow syncs and the wire. */
const DELIVERY_MAX_MS = 3_000;

/** A revision as received on a stream, assembled from its parts. */
interface Delivery {
  link: Link;
  parts: Extract<Received, { type: 'changes' }>[];
  /** True if the last part arrived. */
  whole: boolean;
}

/** Returns all revisions received on a stream, in the order of arrival. */
function deliveriesOf({ links }: StreamHistory): Delivery[] {
  const deliveries: Delivery[] = [];
  for (const link of links) {
    let open: Delivery | undefined;
    for (const frame of link.received) {
      if (frame.type !== 'changes') continue;
      if (open === undefined || open.whole || frame.part === 0) {
        open = { link, parts: [], whole: false };
        deliveries.push(open);
      }
      open.parts.push(frame);
      open.whole = frame.last;
    }
  }
  return deliveries;
}

const firstOf = ({ parts }: Delivery) => parts[0] ?? raise('a revision was delivered in no part');

function raise(what: string): never {
  throw new Error(what);
}

/** Ordered: revisions never go backwards on one stream. */
const ordered: Validator = ({ base, links }) => {
  const problems: string[] = [];
  let last = revisionOf(base);
  for (const link of links) {
    for (const frame of link.received) {
      if (frame.type === 'reset') continue;
      const revision = revisionOf(frame.cursor);
      if (frame.type === 'changes' && frame.revision !== revision)
        problems.push(`${frame.cursor} is not ${frame.revision}`);
      if (revision < last) problems.push(`revision ${revision} came after ${last}`);
      // A part that is not the last does not count: after a broken socket it comes again.
      if (frame.type === 'bookmark' || frame.last) last = Math.max(last, revision);
    }
  }
  return problems;
};

/** Atomic: all matching changes of one revision arrive together, in parts that belong together. */
const atomic: Validator = (stream, truth) => {
  const problems: string[] = [];
  for (const delivery of deliveriesOf(stream)) {
    const { cursor, revision } = firstOf(delivery);
    const together = delivery.parts.every((part, index) => part.cursor === cursor && part.part === index);
    if (!together)
      problems.push(`the parts of revision ${revision} are ${delivery.parts.map(({ part }) => part).join()}`);
    const isCut = delivery.link.closedAt !== undefined && delivery.link.received.at(-1) === delivery.parts.at(-1);
    if (!delivery.whole && !isCut) problems.push(`revision ${revision} came without its last part`);
    if (!delivery.whole) continue;
    const came = delivery.parts.flatMap(({ changes }) => changes).map(textOf);
    const expected = truth.changesIn(revision, stream.scope).map(textOf);
    const missing = expected.filter((change) => !came.includes(change));
    if (missing.length > 0)
      problems.push(`revision ${revision} came without ${missing.join(', ')}: ${came.join(', ')}`);
    const { cause, actor } = firstOf(delivery);
    const is = truth.at(revision);
    if (is?.cause !== cause || is.actor !== actor) problems.push(`revision ${revision} was ${cause} by ${actor}`);
  }
  return problems;
};

/** In scope: a stream contains only matching changes that happened. */
const scoped: Validator = (stream, truth) => {
  const problems: string[] = [];
  for (const link of stream.links) {
    for (const frame of link.received) {
      if (frame.type !== 'snapshot' && frame.type !== 'changes') continue;
      const stray = frame.changes.find((change) => !isInScope(stream.scope, change));
      if (stray !== undefined) problems.push(`${stray.record} arrived, but is not in scope`);
      if (frame.type === 'snapshot') continue;
      const happened = truth.changesIn(frame.revision, stream.scope).map(textOf);
      const invented = frame.changes.map(textOf).find((change) => !happened.includes(change));
      if (invented !== undefined)
        problems.push(`revision ${frame.revision} contains ${invented}, but was: ${happened.join()}`);
    }
  }
  return problems;
};

/** Arranged: the entries of a revision come in the order of their changes, with the entry before if that was requested. */
const arranged: Validator = (stream, truth) => {
  const problems: string[] = [];
  for (const delivery of deliveriesOf(stream)) {
    const { revision } = firstOf(delivery);
    const came = delivery.parts.flatMap(({ changes }) => changes).filter(({ key }) => key !== undefined);
    const happened = truth.changesIn(revision, stream.scope).filter(({ key }) => key !== undefined);
    for (const [place, { record, was }] of came.entries()) {
      const is = happened[place];
      if (is?.record !== record) problems.push(`revision ${revision} has ${record} at ${place}, not ${is?.record}`);
      else if (was !== (stream.previous ? is.was : undefined))
        problems.push(`revision ${revision} shows ${record} as ${was} before, not as ${is.was}`);
    }
  }
  return problems;
};

/** Unique: no change comes twice on one stream, and none twice across a resume. */
const unique: Validator = (stream) => {
  const problems: string[] = [];
  // Records from before a reset may come again after it in a snapshot, but not as a change.
  const seen = new Set<number>();
  for (const delivery of deliveriesOf(stream)) {
    if (!delivery.whole) continue;
    const { revision } = firstOf(delivery);
    if (seen.has(revision)) problems.push(`revision ${revision} came twice`);
    seen.add(revision);
    const records = delivery.parts.flatMap(({ changes }) => changes.map(({ record }) => record));
    const twice = records.find((record, index) => records.indexOf(record) !== index);
    if (twice !== undefined) problems.push(`revision ${revision} contains ${twice} twice`);
    if (revision <= revisionOf(delivery.link.cursor))
      problems.push(`revision ${revision} came after ${delivery.link.cursor}`);
  }
  return problems;
};

/** Reliable: no matching change between the first and the last received one is missing. */
const reliable: Validator = (stream, truth) => {
  const problems: string[] = [];
  let seen = revisionOf(stream.base);
  const seek = (frame: Received & { cursor: string }) => {
    const revision = revisionOf(frame.cursor);
    for (let next = seen + 1; next < revision + (frame.type === 'bookmark' ? 1 : 0); next++) {
      const missed = truth.changesIn(next, stream.scope);
      if (missed.length > 0)
        problems.push(`revision ${next} is missing before ${revision}: ${missed.map(textOf).join(', ')}`);
    }
    seen = Math.max(seen, revision);
  };
  for (const link of stream.links) {
    for (const frame of link.received) {
      if (frame.type === 'reset' || (frame.type !== 'bookmark' && !frame.last)) continue;
      if (frame.type === 'snapshot') seen = revisionOf(frame.cursor);
      else seek(frame);
    }
  }
  const isOpen = stream.links.length > 0 && stream.links.at(-1)?.closedAt === undefined;
  if (isOpen && seen < stream.settledAt)
    problems.push(`it requested all up to ${stream.settledAt}, but got up to ${seen}`);
  return problems;
};

/** Resumable: a stream resumes at its cursor, and is reset only if the following revisions were compacted. */
const resumable: Validator = (stream) => {
  const problems: string[] = [];
  for (const link of stream.links) {
    let place = link.cursor === undefined ? undefined : revisionOf(link.cursor);
    for (const frame of link.received) {
      if (frame.type === 'reset') {
        // The cursor of the newest compacted revision can't be distinguished from a forged one.
        const isGone = place !== undefined && place <= frame.sent.compacted;
        if (!isGone) problems.push(`it was reset (${frame.reason}) at ${place}; ${frame.sent.compacted} is compacted`);
        place = undefined;
      } else if (frame.type === 'snapshot') {
        if (place !== undefined && frame.part === 0)
          problems.push(`a snapshot arrived at ${place} without a reset before it`);
        if (frame.last) place = revisionOf(frame.cursor);
      } else if (frame.type === 'bookmark' || frame.last) {
        if (place === undefined) problems.push(`${frame.type} ${frame.cursor} came before a snapshot`);
        place = revisionOf(frame.cursor);
      }
    }
  }
  return problems;
};

/** Bookmarked: a cursor matches its position, arrives when requested, and arrives in time if no change matched. */
const bookmarked: Validator = (stream, truth) => {
  const problems: string[] = [];
  for (const link of stream.links) {
    for (const frame of link.received) {
      if (frame.type === 'reset') continue;
      const revision = revisionOf(frame.cursor);
      if (revision > 0 && truth.at(revision)?.cursor !== frame.cursor)
        problems.push(`${frame.cursor} names no revision`);
    }
    if (!stream.isEager) continue;
    for (const { at, durable } of link.syncs) {
      const by = truth.afterTime(at, DELIVERY_MAX_MS);
      if (isOpenUntil(link, by) && cursorAt(link, by) < durable) {
        problems.push(`at ${at} it asked for its cursor, and did not get ${durable} by ${by}`);
      }
    }
    problems.push(...lateBookmarks(link, truth));
  }
  return problems;
};

/** Finds revisions without a match that no cursor covers after the first revision at least 30 s later. */
function lateBookmarks(link: Link, truth: Truth): string[] {
  const problems: string[] = [];
  const live = link.received.find((frame) => frame.type !== 'reset' && (frame.type === 'bookmark' || frame.last));
  if (live === undefined) return problems;
  for (const { revision, at } of truth.revisions) {
    if (at < truth.afterTime(live.at, DELIVERY_MAX_MS)) continue;
    const dueAt = truth.afterTime(at, BOOKMARK_INTERVAL_MS + DELIVERY_MAX_MS);
    const next = truth.revisions.find((each) => each.at >= dueAt);
    if (next === undefined) break;
    const by = truth.afterTime(next.at, DELIVERY_MAX_MS);
    if (!isOpenUntil(link, by)) break;
    if (cursorAt(link, by) < revision) problems.push(`by ${by} it had no cursor for revision ${revision} of ${at}`);
  }
  return problems;
}

const isOpenUntil = ({ closedAt }: Link, time: number) => closedAt === undefined || closedAt > time;

/** Returns the revision of the newest cursor that had arrived by a time. */
function cursorAt({ cursor, received }: Link, time: number): number {
  let revision = revisionOf(cursor);
  for (const frame of received) {
    if (frame.at > time) break;
    if (frame.type !== 'reset' && (frame.type === 'bookmark' || frame.last)) revision = revisionOf(frame.cursor);
  }
  return revision;
}

/** Durable: no frame contains a change that a crash could still have undone when it was sent. */
const durable: Validator = ({ links }) => {
  const problems: string[] = [];
  for (const { received } of links) {
    for (const frame of received) {
      if (frame.type === 'reset') continue;
      const shows =
        frame.type === 'bookmark' ? revisionOf(frame.cursor) : Math.max(frame.revision, revisionOf(frame.cursor));
      if (shows > frame.sent.durable)
        problems.push(`${frame.type} ${shows} was sent when ${frame.sent.durable} was durable`);
    }
  }
  return problems;
};

/** Faithful: a client's state from the stream equals the registry at its cursor. */
const faithful: Validator = (stream, truth) => {
  const problems: string[] = [];
  const state = new TrueState(truth, stream.scope);
  const revision = revisionOf(stream.base);
  let replica = new ClientReplica(
    stream.base === undefined ? undefined : { records: new Map(state.at(revision)), revision },
  );
  let compared = revision;
  for (const link of stream.links) {
    replica.cut();
    if (link.cursor === undefined) replica = new ClientReplica();
    for (const frame of link.received) {
      if (!replica.apply(frame) || replica.revision === undefined) continue;
      // Until it reaches the newest part of its snapshot, it holds records of different revisions.
      if (replica.revision < Math.max(replica.horizon, compared)) continue;
      compared = replica.revision;
      const wrong = differenceOf(replica.records, state.at(compared));
      if (wrong !== undefined) problems.push(`at ${compared} it holds ${wrong}`);
    }
  }
  return problems;
};

function differenceOf(is: ReadonlyMap<string, string>, should: ReadonlyMap<string, string>): string | undefined {
  for (const [record, shows] of should) {
    if (is.get(record) !== shows) return `${record} as ${is.get(record)}, not as ${shows}`;
  }
  for (const record of is.keys()) if (!should.has(record)) return `${record}, which does not exist`;
  return undefined;
}

const textOf = ({ record, shows }: RecordChange) => `${record} = ${shows ?? 'gone'}`;

/** One validator for each guarantee. */
export const VALIDATORS = {
  ordered,
  atomic,
  scoped,
  arranged,
  unique,
  reliable,
  resumable,
  bookmarked,
  durable,
  faithful,
};

/** Returns all problems of a stream. */
export function validate(stream: StreamHistory, truth: Truth): { guarantee: string; what: string }[] {
  return Object.entries(VALIDATORS).flatMap(([guarantee, validator]) =>
    validator(stream, truth).map((what) => ({ guarantee, what: `${stream.name}: ${what}` })),
  );
}
