import { SeededRandom } from '../../../simulation/seeded-random';
import {
  type History,
  isInRange,
  type LeaseLife,
  type Operation,
  type WatchedEvent,
  type WatchHistory,
} from './history';
import { carryOut, type Effect, type State } from './model';
import { RequestChoice } from './request-choice';

const REQUESTS_COUNT = 300;
const TTL_MS = 2_000;
const LEASE = '77';

/** Returns the history of a server that does everything right, one call after another, each of which takes 10 ms. */
export function madeUpHistory(): History & { whole: WatchHistory } {
  const choice = new RequestChoice('client', new SeededRandom(1));
  const operations: Operation[] = [];
  const changes: { revision: number; effects: Effect[]; at: number }[] = [];
  const states = new Map<number, State>();
  let state: State = new Map();
  let revision = 1;
  let time = 1_000;
  const change = (next: State, effects: Effect[]): void => {
    if (effects.length > 0) {
      revision += 1;
      changes.push({ revision, effects, at: time + 6 });
    }
    state = next;
    states.set(revision, state);
  };
  states.set(1, state);
  for (let index = 0; index < REQUESTS_COUNT; index++, time += 10) {
    const key = `l/${index}`;
    const step = { op: 'put', key, value: 'held', lease: LEASE, prevKv: false } as const;
    const isLeased = index === 5 || index === 6;
    const request = isLeased ? ({ kind: 'txn', compares: [], success: [step], failure: [] } as const) : choice.next();
    const at = request.kind === 'range' && request.revision > 0 ? request.revision : revision;
    const outcome = carryOut(states.get(at) ?? state, request, revision + 1);
    if (request.kind === 'txn') change(outcome.state, outcome.effects);
    const answer = { revision, succeeded: outcome.succeeded, results: outcome.results };
    operations.push({ index, client: 'client', request, start: time, end: time + 5, answer, refusal: null });
    choice.learn(answer);
  }
  const granted = { isGrant: true, sentAt: 1_000, answeredAt: 1_001 };
  const life: LeaseLife = { id: LEASE, ttlMs: TTL_MS, renewals: [granted], revokedAt: null, goneAt: [] };
  time = Math.max(time, 1_000 + TTL_MS + 500);
  const end = carryOut(state, { kind: 'revoke', lease: LEASE }, revision + 1);
  change(end.state, end.effects);
  const watchOf = (key: string, rangeEnd: string): WatchHistory => {
    const request = {
      ...{ key, end: rangeEnd, startRevision: 1, prevKv: true, progressNotify: true },
      ...{ without: null, fragment: false },
    };
    const created = {
      kind: 'created',
      at: 1_000,
      revision: 1,
      compactRevision: 0,
      fragment: false,
      events: [],
    } as const;
    const responses: WatchHistory['responses'] = [{ ...created, events: [] }];
    for (const { revision: of, effects, at } of changes) {
      const events = effects
        .filter((effect) => isInRange(effect.key, key, rangeEnd))
        .map((effect): WatchedEvent => ({ ...effect, revision: of }));
      if (events.length > 0) responses.push({ ...created, kind: 'events', at, revision: of, events });
    }
    responses.push({ ...created, kind: 'progress', at: time + 10, revision, events: [] });
    return { watcher: 'watcher', request, responses, brokenAt: null, settledAt: revision };
  };
  const whole = watchOf('\u0000', '\u0000');
  return { operations, watches: [watchOf('k/', 'k0')], leases: [life], whole };
}
