import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KV } from '../../../../src/codecs/etcd/messages/rpc_pb';
import { ChaosProxy } from '../../../client/chaos-proxy';
import { monotonicNow } from '../../../linearizability/recorder';
import { SeededRandom } from '../../../simulation/seeded-random';
import { EtcdClient, logIn } from '../etcd-client';
import { leaseProblems } from './check-leases';
import { operationProblems } from './check-operations';
import { watchProblems } from './check-watches';
import { Recorder } from './etcd-operator';
import { type FaultKind, Faults } from './faults';
import type { FaultyEtcd } from './faulty-etcd';
import type { History, LeaseLife, WatchRequest } from './history';
import { abandonLeases, keepLeases } from './lease-traffic';
import { RecordedWatcher } from './recorded-watcher';
import { RequestChoice } from './request-choice';
import { Truth } from './truth';

/** Time for leases that are not kept alive to end before the last look. */
const LEASES_END_WITHIN_MS = 9_000;

const COMPACTION_PAUSE_MS = { from: 1_000, to: 4_000 };

/** Revisions that a compaction leaves, so that most watchers can resume. */
const COMPACTION_LEAVES_REVISIONS = 200;

/** Options of {@link robustnessRun}. */
export interface RobustnessOptions {
  seed: number;
  /** Creates the server, whose data is in a folder. */
  target: (data: string) => FaultyEtcd;
  clients: number;
  /** Seconds of calls and faults. */
  seconds: number;
  faults: readonly FaultKind[];
  /** True to drop the history now and then. */
  compacts: boolean;
  freezeMs: { from: number; to: number };
}

/** A recorded history, and its problems. */
export interface RobustnessReport {
  history: History;
  problems: string[];
  faults: Record<FaultKind, number>;
  revisions: number;
  events: number;
  runMs: number;
  checkMs: number;
}

/**
 * Records the calls, watches and leases of clients of a server while it is killed, frozen and cut off, and checks them against
 * the guarantees of etcd.
 *
 * The seed chooses calls and faults; their timing against each other depends on the machine.
 */
export async function robustnessRun(options: RobustnessOptions): Promise<RobustnessReport> {
  const data = mkdtempSync(join(tmpdir(), 'rollcall etcd-robustness-'));
  const startedAt = performance.now();
  try {
    const { history, truth, problems, faults } = await record(options, data);
    const recordedAt = performance.now();
    const found = judge(history, truth, faults);
    return {
      history,
      problems: [...problems, ...found],
      faults: faults.counts,
      revisions: truth.head,
      events: history.watches.flatMap(({ responses }) => responses.flatMap(({ events }) => events)).length,
      runMs: recordedAt - startedAt,
      checkMs: performance.now() - recordedAt,
    };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

function judge(history: History, truth: Truth, { outages }: Faults): string[] {
  const { operations, watches, leases } = history;
  return [
    ...truth.problems.map((problem) => `events: ${problem}`),
    ...operationProblems(operations, watches, truth),
    ...watchProblems(watches, operations, truth),
    ...leaseProblems(leases, { truth, outages, overAt: monotonicNow() }),
  ];
}

/** The watch of everything: it tells what happened. */
const ALL: WatchRequest = {
  key: '\u0000',
  end: '\u0000',
  startRevision: 1,
  prevKv: true,
  progressNotify: true,
  without: null,
  fragment: false,
};

const FROM_NOW: WatchRequest = { ...ALL, startRevision: 0, progressNotify: false };

/** Watches of each watcher, which share its stream. */
const WATCHED: readonly (readonly WatchRequest[])[] = [
  [FROM_NOW],
  [
    { ...FROM_NOW, key: 'k/', end: 'k0', prevKv: false },
    { ...FROM_NOW, key: 'k/a', end: '', progressNotify: true },
    { ...FROM_NOW, key: 'l/', end: 'l0', without: 'put' },
  ],
  [
    { ...ALL, key: 'k/c', end: 'k/f', fragment: true },
    { ...FROM_NOW, key: 'k/d', end: '\u0000', without: 'delete' },
  ],
];

async function record(options: RobustnessOptions, data: string) {
  const { seed, target: makeTarget, clients, seconds, faults: kinds, freezeMs } = options;
  const random = new SeededRandom(seed);
  const target = makeTarget(data);
  await target.start();
  const { host } = new URL(target.endpoint);
  const { user, password } = target.credentials;
  const token = await logIn(host, user, password);
  const proxy = await ChaosProxy.start(target.endpoint);
  const opened: EtcdClient[] = [];
  const connect = (address: string): EtcdClient => {
    const client = new EtcdClient({ address, token });
    opened.push(client);
    return client;
  };
  const near = () => connect(host);
  const far = () => connect(new URL(proxy.url).host);
  const recorder = new Recorder();
  const control = near();
  const call = () =>
    control.call(KV.method.range, { key: new Uint8Array([0]), countOnly: true }, { deadlineMs: 2_000 });
  const faults = new Faults({ target, proxy, random: random.fork(), kinds, freezeMs, call });
  const lives: LeaseLife[] = [];
  const [trouble, over, end] = [new AbortController(), new AbortController(), new AbortController()];
  const whole = new RecordedWatcher('whole', near, { requests: [ALL], isSteady: true }, random.fork());
  const watchers = [whole];
  for (const [number, requests] of WATCHED.entries()) {
    watchers.push(new RecordedWatcher(`watcher-${number}`, far, { requests, isSleepy: number === 0 }, random.fork()));
  }
  const watching = watchers.map((watcher) => watcher.work(end.signal));
  const work = Array.from({ length: clients }, (_, number) =>
    callOften(
      `client-${number}`,
      { etcd: number % 3 === 0 ? near() : far(), recorder, faults, random: random.fork() },
      over.signal,
    ),
  );
  const compactor = { etcd: near(), recorder, faults, random: random.fork() };
  if (options.compacts) work.push(compactOften(compactor, whole, over.signal));
  const holder = (name: string, etcd: EtcdClient) => ({
    name,
    etcd,
    recorder,
    random: random.fork(),
    lives,
    up: faults.up,
  });
  for (const ttl of [2, 5]) work.push(keepLeases(holder(`keeper-${ttl}`, near()), ttl, over.signal));
  work.push(keepLeases(holder('far-keeper', far()), 3, over.signal));
  for (const number of [0, 1]) work.push(abandonLeases(holder(`leaver-${number}`, near()), over.signal));
  try {
    const passed = sleep(seconds * 1_000).then(() => trouble.abort());
    await Promise.all([faults.work(trouble.signal), passed]);
    over.abort();
    await Promise.all(work);
    await sleep(LEASES_END_WITHIN_MS);
    const head = await readAll(control, recorder);
    await Promise.all(watchers.map((watcher) => watcher.settle(head)));
  } finally {
    for (const controller of [trouble, over, end]) controller.abort();
    await Promise.allSettled([...work, ...watching]);
    for (const client of opened) client.close();
    proxy.stop();
    await target.stop();
  }
  const history: History = {
    operations: recorder.operations,
    watches: watchers.flatMap(({ histories }) => histories),
    leases: lives,
  };
  const problems = [...recorder.problems, ...watchers.flatMap((watcher) => watcher.problems)];
  return { history, truth: new Truth(whole.histories), problems, faults };
}

interface CallerParts {
  etcd: EtcdClient;
  recorder: Recorder;
  faults: Faults;
  random: SeededRandom;
}

/** Makes calls one after another until the signal is aborted. */
async function callOften(
  name: string,
  { etcd, recorder, faults, random }: CallerParts,
  stop: AbortSignal,
): Promise<void> {
  const choice = new RequestChoice(name, random);
  while (!stop.aborted) {
    await faults.up();
    const deadlineMs = random.chance(0.1) ? 1_000 : 20_000;
    const { answer } = await recorder.record(name, etcd, choice.next(), deadlineMs);
    if (answer !== null) choice.learn(answer);
    await sleep(random.magnitude(1, answer === null ? 300 : 40));
  }
}

/** Drops the history now and then, up to what the watch of everything has. */
async function compactOften(
  { etcd, recorder, faults, random }: CallerParts,
  whole: RecordedWatcher,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    await sleep(random.magnitude(COMPACTION_PAUSE_MS.from, COMPACTION_PAUSE_MS.to), undefined, { signal: stop }).catch(
      () => {},
    );
    const revision = whole.reached - random.whole(0, COMPACTION_LEAVES_REVISIONS);
    if (stop.aborted || revision < 1) continue;
    await faults.up();
    await recorder.record('compactor', etcd, { kind: 'compact', revision }, 10_000);
  }
}

/** Reads everything once more after all faults: no acknowledged change may be missing. Returns the newest revision. */
async function readAll(etcd: EtcdClient, recorder: Recorder): Promise<number> {
  const step = { op: 'range', key: '\u0000', end: '\u0000', limit: 0 } as const;
  const { answer } = await recorder.record(
    'reader',
    etcd,
    { kind: 'range', step, revision: 0, serializable: false },
    20_000,
  );
  if (answer === null) throw new Error('the last read was not answered');
  return answer.revision;
}
