import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { requireWrk } from '../load';
import { parseHomes } from '../options';
import { HOMES, type Home } from '../program';
import { programsOf } from '../programs';
import { Workspace } from '../workspace';
import type { Comparison, Contender, Row, Scale } from './comparison';
import { CALLS, type CallName } from './etcd/calls';
import { compareDoors, profileDoor } from './etcd/compare';
import { etcd } from './etcd-peer';
import { fanOut } from './fan-out';
import { footprint } from './footprint';
import { idleConnections } from './idle-connections';
import { lateness } from './lateness';
import type { Peer } from './peer';
import { Rates } from './rates';
import { type PeersSetting, renderPeers } from './report';
import { rollcall } from './rollcall-peer';
import { zookeeper } from './zookeeper-peer';

const ROUNDS = 9;
const FULL: Scale = { watchers: [100, 1_000], idle: 1_000, instances: 10_000, starts: 3 };
const QUICK: Scale = { watchers: [20], idle: 100, instances: 1_000, starts: 1 };
/** Parts of the comparison. */
const PARTS = ['registries', 'etcd'];

const USAGE = `usage: npm run bench:peers -- [options]

Runs Rollcall in its homes, etcd and ZooKeeper side by side on this machine and compares them in two parts: as registries,
and over etcd's API. Needs the Debian packages etcd-server, zookeeper and wrk; the second part needs golang-go and
golang-etcd-server-dev, and is skipped without them. Writes bench/PEERS.md and bench/ETCD.md after a run of ${ROUNDS} rounds or more.

  --only <part>  one part: ${PARTS.join(' or ')} (default both)
  --profile <call> run one call over etcd's API under V8's CPU profiler in the first home, and print where the time goes:
                 ${CALLS.join(', ')}
  --rounds <n>   rounds; every peer has a turn in each (default ${ROUNDS})
  --seconds <s>  length of a turn in seconds (default 1)
  --home <homes> Rollcall only in these homes, a comma-separated list of ${HOMES.join(', ')} (default all)
  --quick        one short round of everything, without a warm-up: a smoke test, not for publication
  --help         show this help`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: String(ROUNDS) },
    seconds: { type: 'string', default: '1' },
    home: { type: 'string' },
    only: { type: 'string' },
    profile: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function measure(comparison: Comparison): Promise<Row[]> {
  const rows = await new Rates(comparison).measure();
  for (const count of comparison.scale.watchers) rows.push(await fanOut(comparison, count));
  rows.push(await lateness(comparison));
  rows.push(...(await idleConnections(comparison)));
  rows.push(...(await footprint(comparison)));
  return rows;
}

/** Compares registries by what each of them is used for. */
async function compareRegistries(workspace: Workspace, homes: readonly Home[], how: PeersSetting): Promise<string> {
  const own: Peer[] = [];
  for (const home of homes) {
    const programs = await programsOf(home, workspace.newFolder(home));
    own.push(rollcall(programs, 'HTTP'));
    // Sockets are measured on one runtime only, since they are alike on both.
    if (home !== 'node') own.push(rollcall(programs, 'socket'));
  }
  const peers = [...own, etcd('gateway'), etcd('gRPC'), zookeeper];
  const contenders: Contender[] = [];
  for (const peer of peers) {
    const folder = workspace.newFolder('peer');
    contenders.push({ peer, folder, server: await peer.start(workspace, folder) });
    console.error(`${peer.name} ${peer.version()} runs`);
  }
  const { rounds, seconds } = how;
  const log = (line: string) => console.error(line);
  const scale = options.quick ? QUICK : FULL;
  const rows = await measure({ workspace, contenders, rounds, warmsUp: !options.quick, seconds, scale, log });
  await Promise.all(contenders.map(({ server }) => server.stop()));
  const report = renderPeers(peers, rows, how, readFileSync('bench/peers/reading.txt', 'utf8'));
  if (isPublished(how, homes)) writeFileSync('bench/PEERS.md', report);
  return report;
}

/** Returns whether a run is long and complete enough to replace a published report. */
const isPublished = ({ rounds }: PeersSetting, homes: readonly Home[]): boolean =>
  rounds >= ROUNDS && homes.length === HOMES.length;

/** @throws {RangeError} for an unknown call, which it quotes. */
function callOf(name: string): CallName {
  const call = CALLS.find((each) => each === name);
  if (call === undefined) throw new RangeError(`--profile: unknown call "${name}"; known are ${CALLS.join(', ')}`);
  return call;
}

async function main(): Promise<void> {
  if (options.help) return console.log(USAGE);
  const rounds = options.quick ? 1 : Number(options.rounds);
  const seconds = options.quick ? 0.1 : Number(options.seconds);
  if (!(rounds >= 1) || !(seconds > 0)) throw new RangeError('--rounds and --seconds must be above 0');
  const { only } = options;
  if (only !== undefined && !PARTS.includes(only)) {
    throw new RangeError(`--only: unknown part "${only}"; known are ${PARTS.join(', ')}`);
  }
  await requireWrk();
  const load = loadavg()[0] ?? 0;
  const workspace = new Workspace();
  const homes = parseHomes(options.home);
  const how = { date: new Date().toISOString().slice(0, 10), node: process.versions.node, load, rounds, seconds };
  const publishes = isPublished(how, homes);
  const comparison = { workspace, homes, how, isQuick: options.quick, publishes };
  if (options.profile !== undefined) return console.log(await profileDoor(comparison, callOf(options.profile)));
  if (only !== 'etcd') console.log(await compareRegistries(workspace, homes, how));
  if (only !== 'registries') console.log(await compareDoors(comparison));
}

await main();
process.exit(0);
