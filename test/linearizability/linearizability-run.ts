import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosProxy } from '../client/chaos-proxy';
import { type Victim, victimOn } from '../crash/victim';
import type { Host } from '../programs/host';
import { SeededRandom } from '../simulation/seeded-random';
import type { StreamHistory } from '../watch/histories/stream-history';
import { validate } from '../watch/histories/validators';
import { CallChoice, type Quarter, quartersOf } from './call-choice';
import { checkHistory, type Judgement } from './check-history';
import { ENTRY_GROUPS, EntryChoice, readingOf } from './entry-choice';
import { type FaultKind, Faults } from './faults';
import type { JudgedHistory } from './history-page';
import { HttpOperator } from './http-operator';
import { journalTruth } from './journal-truth';
import { LockOperator } from './lock-operator';
import { type Answer, type Call, type GrantedLife, type History, placeIn, type SessionLife } from './operation';
import { RecordedWatcher } from './recorded-watcher';
import { Recorder } from './recorder';
import { SessionOperator } from './session-operator';

/** Clients that carry out transactions over entries, besides the others. */
const ENTRY_CLIENTS_COUNT = 4;
/** Clients that lock these entries. */
const LOCK_CLIENTS_COUNT = 3;
/** Share of the clients that hold sessions; the others call over HTTP. */
const SESSIONS_SHARE = 0.25;
const WATCHERS_COUNT = 3;

export interface LinearizabilityOptions {
  host: Host;
  seed: number;
  /** Path of the `rollcall.js` that runs the resident host. */
  program: string;
  clients: number;
  seconds: number;
  faults: readonly FaultKind[];
}

/**
 * A recorded history and its verdict. Its problems are those of the order of calls, the frames of watchers and the journal.
 */
export interface LinearizabilityReport extends JudgedHistory {
  judgement: Judgement;
  faults: Record<FaultKind, number>;
  revisions: number;
  frames: number;
  checkMs: number;
}

/**
 * Records the calls and events of clients and watchers of a real registry while it is killed, stalled and cut off, and
 * judges them.
 *
 * The seed chooses the calls and the faults; their timing against each other depends on the machine.
 */
export async function linearizabilityRun(options: LinearizabilityOptions): Promise<LinearizabilityReport> {
  const data = mkdtempSync(join(tmpdir(), 'rollcall linearizability-'));
  try {
    const { history, watched, faults, unlawful } = await recordHistory(options, data);
    const startedAt = performance.now();
    const judgement = checkHistory(history);
    const { truth, problems } = journalTruth(options.host, data);
    const watchProblems = watched.flatMap((stream) => validate(stream, truth));
    return {
      history,
      judgement,
      findings: judgement.findings,
      watched,
      watchProblems,
      problems: [
        ...unlawful,
        ...judgement.problems,
        ...problems.map((problem) => `journal: ${problem}`),
        ...watchProblems.map(({ guarantee, what }) => `${guarantee}: ${what}`),
      ],
      faults,
      revisions: truth.head,
      frames: watched.flatMap(({ links }) => links.flatMap(({ received }) => received)).length,
      checkMs: performance.now() - startedAt,
    };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function recordHistory(
  { host, seed, program, clients, seconds, faults: kinds }: LinearizabilityOptions,
  data: string,
) {
  const random = new SeededRandom(seed);
  const victim = victimOn({ host, program, data });
  await victim.start().catch(async (error: unknown) => {
    await victim.stop();
    throw error;
  });
  const proxy = await ChaosProxy.start(victim.url);
  const place = { url: proxy.url, rootToken: victim.token };
  const recorder = new Recorder();
  const faults = new Faults(victim, proxy, random.fork(), kinds);
  const quarters = quartersOf(Math.max(1, Math.ceil(clients / 4)));
  const sessions: Record<string, SessionLife> = {};
  const leases: Record<string, GrantedLife> = {};
  const holders = Math.round(clients * SESSIONS_SHARE);
  const trouble = new AbortController();
  const over = new AbortController();
  const end = new AbortController();
  const watchers = Array.from({ length: WATCHERS_COUNT }, (_, index) => {
    const services = index === 0 ? [] : [...random.pick(quarters).services];
    // One of them watches keys, too.
    const keys = index === 1 ? { keys: ENTRY_GROUPS.map((group) => ({ prefix: `${group}/` })) } : {};
    return new RecordedWatcher(`watcher-${index}`, place, random.fork(), { services, ...keys });
  });
  const work = Array.from({ length: clients }, (_, index) => {
    const name = index < holders ? `session-${index}` : `client-${index}`;
    const choice = new CallChoice(name, random.fork(), quarters);
    if (index >= holders)
      return callOverHttp(name, place, { recorder, choice, faults, random: random.fork() }, over.signal);
    const quarter = random.pick(quarters);
    const holder = { name, place, recorder, random: random.fork(), choice, quarter, lives: sessions };
    return new SessionOperator(holder).work(over.signal);
  });
  for (let index = 0; index < ENTRY_CLIENTS_COUNT; index++) {
    const name = `entries-${index}`;
    const choice = new EntryChoice(name, random.fork());
    work.push(callOverHttp(name, place, { recorder, choice, faults, random: random.fork() }, over.signal));
  }
  for (let index = 0; index < LOCK_CLIENTS_COUNT; index++) {
    const operator = new HttpOperator(place.url, place.rootToken);
    const client = { name: `locks-${index}`, operator, recorder, random: random.fork(), faults, leases };
    work.push(new LockOperator(client).work(over.signal));
  }
  const watching = watchers.map((watcher) => watcher.work(end.signal));
  try {
    const passed = sleep(seconds * 1_000).then(() => trouble.abort());
    await Promise.all([faults.work(trouble.signal), passed]);
    over.abort();
    await Promise.all(work);
    const head = await readAll(victim, recorder, quarters);
    await Promise.all(watchers.map((watcher) => watcher.settle(head)));
  } finally {
    for (const controller of [trouble, over, end]) controller.abort();
    await Promise.all([...work, ...watching]);
    proxy.stop();
    await victim.stop();
  }
  const { operations, problems } = recorder;
  const history: History = { seed, operations, outages: faults.outages, sessions, leases };
  const watched: StreamHistory[] = watchers.map((watcher) => watcher.history);
  return { history, watched, faults: faults.counts, unlawful: problems };
}

interface CallerContext {
  recorder: Recorder;
  choice: { next(): Call; learn(answer: Answer): void };
  faults: Faults;
  random: SeededRandom;
}

/** Makes calls one after another until the signal is aborted. */
async function callOverHttp(
  name: string,
  place: { url: string; rootToken: string },
  { recorder, choice, faults, random }: CallerContext,
  stop: AbortSignal,
): Promise<void> {
  const operator = new HttpOperator(place.url, place.rootToken);
  while (!stop.aborted) {
    await faults.up();
    const call = choice.next();
    const answer = await recorder.record(name, call, () => operator.perform(call));
    if (answer !== null) choice.learn(answer);
    await sleep(random.magnitude(1, answer === null ? 300 : 60));
  }
  operator.close();
}

/** Reads everything once more after all faults have ended: no acknowledged change may be missing. */
async function readAll(victim: Victim, recorder: Recorder, quarters: readonly Quarter[]): Promise<number> {
  const operator = new HttpOperator(victim.url, victim.token);
  let head = 0;
  const lists = quarters.flatMap(({ services }) => services).map((service): Call => ({ kind: 'list', service }));
  for (const call of [...lists, ...ENTRY_GROUPS.map(readingOf)]) {
    const answer = await recorder.record('reader', call, () => operator.perform(call));
    head = Math.max(head, placeIn(answer)?.revision ?? 0);
  }
  operator.close();
  return head;
}
