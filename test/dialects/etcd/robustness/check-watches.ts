import { isInRange, type Operation, type WatchedEvent, type WatchHistory, type WatchResponse } from './history';
import { effectText, type Truth, textOf } from './truth';

/** Describes the problems of one watch. */
type Validator = (watch: WatchHistory, truth: Truth) => string[];

/** Responses with the events of fragments joined, as a client joins them. */
function wholeResponses({ responses }: WatchHistory): WatchResponse[] {
  const whole: WatchResponse[] = [];
  let pieces: WatchedEvent[] = [];
  for (const response of responses) {
    pieces = [...pieces, ...response.events];
    if (response.fragment) continue;
    whole.push({ ...response, events: pieces });
    pieces = [];
  }
  return whole;
}

const eventsOf = (watch: WatchHistory) => wholeResponses(watch).flatMap(({ events }) => events);

const matches = ({ request }: WatchHistory, { type, key }: Pick<WatchedEvent, 'type' | 'key'>) =>
  isInRange(key, request.key, request.end) && type !== request.without;

/** Filter: a watch shows only changes that it asked for. */
const filter: Validator = (watch) =>
  eventsOf(watch)
    .filter((event) => !matches(watch, event))
    .map((event) => `${effectText(event)} at ${event.revision} was not asked for`);

/** Ordered: events are ordered by revision. */
const ordered: Validator = (watch) => {
  let last = 0;
  return eventsOf(watch).flatMap(({ revision }) => {
    const isBack = revision < last;
    const problem = `revision ${revision} came after ${last}`;
    last = Math.max(last, revision);
    return isBack ? [problem] : [];
  });
};

/** Unique: an event never appears twice. */
const unique: Validator = (watch) => {
  const seen = new Set<string>();
  return eventsOf(watch).flatMap((event) => {
    const name = `${effectText(event)} at ${event.revision}`;
    if (seen.has(name)) return [`${name} came twice`];
    seen.add(name);
    return [];
  });
};

/** Atomic: the events of one revision come in one response. */
const atomic: Validator = (watch) => {
  const problems: string[] = [];
  let last = 0;
  for (const { events } of wholeResponses(watch)) {
    const [first] = events;
    if (first === undefined) continue;
    if (first.revision === last) problems.push(`the events of revision ${last} came in two responses`);
    last = events.at(-1)?.revision ?? 0;
  }
  return problems;
};

/** Bookmarkable: a notification of progress says that all events up to its revision have come. */
const bookmarkable: Validator = (watch) => {
  const problems: string[] = [];
  let reached = 0;
  let last = 0;
  for (const { kind, revision, events } of wholeResponses(watch)) {
    for (const event of events) {
      if (event.revision <= reached) problems.push(`revision ${event.revision} came after the progress ${reached}`);
      last = Math.max(last, event.revision);
    }
    if (kind !== 'progress') continue;
    if (revision < Math.max(reached, last)) {
      problems.push(`the progress ${revision} came after ${Math.max(reached, last)}`);
    }
    reached = Math.max(reached, revision);
  }
  return problems;
};

/** Reliable: no event between the first and the last one that is known to have come is missing. */
const reliable: Validator = (watch, truth) => {
  const { responses, request, settledAt } = watch;
  const created = responses.find(({ kind }) => kind === 'created');
  if (created === undefined) return [];
  const from = request.startRevision > 0 ? request.startRevision : created.revision + 1;
  const isGone = responses.some(({ kind, compactRevision }) => kind === 'canceled' && compactRevision > 0);
  const reached = wholeResponses(watch).flatMap(({ kind, revision, events }) =>
    kind === 'progress' ? [revision] : events.map((event) => event.revision),
  );
  const to = Math.max(isGone ? 0 : settledAt, ...reached);
  const wanted = truth.revisions
    .filter(({ revision }) => revision >= from && revision <= to)
    .flatMap(({ revision, effects }) =>
      effects.filter((effect) => matches(watch, effect)).map((effect) => `${revision} ${effectText(effect)}`),
    );
  const came = eventsOf(watch).map((event) => `${event.revision} ${effectText(event)}`);
  const at = wanted.findIndex((text, index) => came[index] !== text);
  if (at < 0 && came.length === wanted.length) return [];
  return [`from ${from} to ${to}, event ${at} is ${came[at < 0 ? wanted.length : at]}, not ${wanted[at]}`];
};

/** Resumable: the first event after a revision is the one that followed it. */
const resumable: Validator = (watch, truth) => {
  const { request } = watch;
  const [first] = eventsOf(watch);
  if (request.startRevision === 0 || first === undefined) return [];
  for (const { revision, effects } of truth.revisions) {
    const next = effects.find((effect) => matches(watch, effect));
    if (revision < request.startRevision || next === undefined) continue;
    if (revision === first.revision && next.key === first.key) return [];
    return [`from ${request.startRevision} it got ${first.revision} first, not ${revision}`];
  }
  return [`from ${request.startRevision} it got ${first.revision}, which changed nothing`];
};

/** Previous values: a change shows the key as it was before, if the watch asked for it. */
const previous: Validator = (watch, truth) =>
  eventsOf(watch).flatMap(({ revision, key, before }) => {
    const was = truth.at(revision)?.before.get(key) ?? null;
    if (!watch.request.prevKv) return before == null ? [] : [`revision ${revision} shows ${key} before it, unasked`];
    const isRight = textOf(before ?? null) === textOf(was);
    return isRight ? [] : [`revision ${revision} shows ${textOf(before ?? null)} before, not ${textOf(was)}`];
  });

/** Creation: a key is new exactly if it did not exist before the revision. */
const creation: Validator = (watch, truth) =>
  eventsOf(watch).flatMap(({ revision, key, after }) => {
    if (after === null) return [];
    const isNew = after.created === after.modified && after.version === 1;
    const exists = truth.at(revision)?.before.has(key) ?? false;
    return isNew === exists ? [`revision ${revision} shows ${key} as ${isNew ? 'new' : 'changed'}`] : [];
  });

/** One validator for each guarantee of etcd. */
export const WATCH_VALIDATORS = {
  filter,
  ordered,
  unique,
  atomic,
  bookmarkable,
  reliable,
  resumable,
  previous,
  creation,
};

/** Returns all problems of watches. */
export function watchProblems(
  watches: readonly WatchHistory[],
  operations: readonly Operation[],
  truth: Truth,
): string[] {
  return watches.flatMap((watch) => [
    ...Object.entries(WATCH_VALIDATORS).flatMap(([guarantee, validator]) =>
      validator(watch, truth).map((what) => `${guarantee}: ${watch.watcher}: ${what}`),
    ),
    ...cancellationProblems(watch, operations),
  ]);
}

/** A watch is cancelled as compacted only if a client has compacted what it asked for. */
function cancellationProblems(watch: WatchHistory, operations: readonly Operation[]): string[] {
  return watch.responses.flatMap(({ kind, at, compactRevision }) => {
    if (kind !== 'canceled') return [];
    const isCompacted = operations.some(
      ({ request, start }) => request.kind === 'compact' && request.revision >= compactRevision && start < at,
    );
    if (compactRevision > 0 && isCompacted) return [];
    return [`resumable: ${watch.watcher} was cancelled, compacted to ${compactRevision}`];
  });
}
