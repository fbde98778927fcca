import { residentBytes } from '../../resident-memory';
import { type Spread, spread } from '../../statistics';
import type { Row } from '../comparison';
import { KEEPALIVE_WINDOW } from './calls';
import { type DoorContest, wholeServers } from './contest';
import type { Door, DoorServer } from './doors';
import type { Counted } from './go-client';

const MEBIBYTE = 1_024 * 1_024;

/** Lease time of the leases that expire, in seconds: the shortest that etcd grants. */
const SHORT_TTL_SECONDS = 2;

/** Ids of the held leases, apart from those of the rates. */
const HELD_FROM = 1_000_000;

/** Value of the keys on disk. */
const VALUE = 'x'.repeat(256);

const memory = ({ grpc }: DoorServer): number => residentBytes(grpc.pid) / MEBIBYTE;

/** Values of one server by the title of their row. */
type Figures = Map<string, Spread>;

/** Titles of the rows, with their units. */
function titlesOf({ scale }: DoorContest) {
  const [leases, keys] = [scale.leases.toLocaleString('en-US'), scale.keys.toLocaleString('en-US')];
  return {
    late: `A key is deleted for a watcher, after the ${SHORT_TTL_SECONDS} s of its lease`,
    granted: `${leases} leases: grants`,
    renewed: `${leases} leases: keepalives of all on one stream`,
    filled: `${keys} keys of ${VALUE.length} B: puts`,
    empty: 'Resident memory, empty',
    withLeases: `Resident memory, ${leases} leases`,
    withKeys: `Resident memory, ${keys} keys`,
    start: `From the start of the process to the first linearizable range, ${keys} keys on disk`,
  };
}

/** Measures leases on a fresh server. */
async function leasesOf(door: Door, contest: DoorContest): Promise<Figures> {
  const { client, workspace, scale } = contest;
  const title = titlesOf(contest);
  const server = await door.start(workspace, workspace.newFolder('leases'));
  const figures: Figures = new Map([[title.empty, spread([memory(server)])]]);
  const held = { count: scale.leases, 'first-lease': HELD_FROM };
  const granted = await client.measure<Counted>(server, 'grant', held);
  figures.set(title.granted, spread([granted.result.count / granted.result.seconds]));
  const stream = { ...held, connections: 1, window: KEEPALIVE_WINDOW };
  const renewed = await client.measure<Counted>(server, 'keepalive', stream);
  figures.set(title.renewed, spread([renewed.result.count / renewed.result.seconds]));
  figures.set(title.withLeases, spread([memory(server)]));
  const short = { connections: 1, ttl: SHORT_TTL_SECONDS };
  const late = await client.measure<{ lateMs: number[] }>(server, 'lateness', short);
  figures.set(title.late, spread(late.result.lateMs));
  await server.stop();
  return figures;
}

/** Fills a fresh server with keys, and starts it again on them. */
async function keysOf(door: Door, contest: DoorContest): Promise<Figures> {
  const { client, workspace, scale } = contest;
  const title = titlesOf(contest);
  const folder = workspace.newFolder('keys');
  const server = await door.start(workspace, folder);
  const filled = await client.measure<Counted>(server, 'fill', { count: scale.keys, value: VALUE });
  const figures: Figures = new Map([
    [title.filled, spread([filled.result.count / filled.result.seconds])],
    [title.withKeys, spread([memory(server)])],
  ]);
  await server.stop();
  const starts: number[] = [];
  for (let n = 0; n < scale.starts; n++) {
    const began = performance.now();
    const again = await door.start(workspace, folder);
    starts.push(performance.now() - began);
    await again.stop();
  }
  return figures.set(title.start, spread(starts));
}

/** Measures leases, memory and starts, on fresh servers one after the other. */
export async function doorFootprint(contest: DoorContest): Promise<Row[]> {
  const measured = new Map<string, Figures>();
  for (const { peer } of wholeServers(contest)) {
    const figures = new Map([...(await leasesOf(peer, contest)), ...(await keysOf(peer, contest))]);
    measured.set(peer.name, figures);
    const shown = [...figures].map(([title, { median }]) => `${title} ${median.toFixed(1)}`);
    contest.log(`${peer.name}: ${shown.join('; ')}`);
  }
  const row = (title: string, unit: string, better: Row['better'], note?: string): Row => {
    const values = new Map([...measured].flatMap(([name, figures]) => pairOf(name, figures.get(title))));
    return { title, unit, better, values, ...(note === undefined ? {} : { note }) };
  };
  const title = titlesOf(contest);
  return [
    row(title.late, 'ms late', 'less', '50 leases, granted 40 ms apart, beside the held ones'),
    row(title.granted, 'calls/s', 'more'),
    row(title.renewed, 'calls/s', 'more'),
    row(title.filled, 'calls/s', 'more', 'new keys; the puts of the rates overwrite keys'),
    row(title.empty, 'MiB', 'less'),
    row(title.withLeases, 'MiB', 'less', 'after their grants and keepalives'),
    row(title.withKeys, 'MiB', 'less', 'after their puts, without leases'),
    row(title.start, 'ms', 'less', 'over JSON; the files are in the page cache'),
  ];
}

const pairOf = (name: string, value: Spread | undefined): [string, Spread][] =>
  value === undefined ? [] : [[name, value]];
