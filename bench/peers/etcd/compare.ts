import { readFileSync, writeFileSync } from 'node:fs';
import type { Home, Programs } from '../../program';
import { programsOf } from '../../programs';
import type { Workspace } from '../../workspace';
import type { PeersSetting } from '../report';
import { type CallName, grpcTitle } from './calls';
import type { DoorContender, DoorContest, DoorScale } from './contest';
import { type Door, etcdDoor, floorDoor, jsonHeaders, rollcallDoor } from './doors';
import { doorFanOut } from './fan-out';
import { doorFootprint } from './footprint';
import { GoClient, goProblem } from './go-client';
import { crowdsOf, ratiosOf } from './goals';
import { doorRates, grpcTurn } from './rates';
import { renderDoors } from './report';

const FULL: DoorScale = { watchers: [100, 1_000], changes: 10, leases: 10_000, keys: 100_000, starts: 3 };
const QUICK: DoorScale = { watchers: [20], changes: 3, leases: 200, keys: 1_000, starts: 1 };

/** Parameters of {@link compareDoors}. */
export interface DoorComparison {
  workspace: Workspace;
  /** Homes of Rollcall and of the floors. `workerd` has no port for gRPC. */
  homes: readonly Home[];
  how: PeersSetting;
  isQuick: boolean;
  /** True to write the report to its file. */
  publishes: boolean;
}

/** Returns the doors of one home: Rollcall, and the floors on its runtime. */
function doorsOf(programs: Programs): Door[] {
  return [rollcallDoor(programs), floorDoor(programs)];
}

/** Returns Rollcall and the floors in their homes, floors last. */
async function ownDoors(workspace: Workspace, homes: readonly Home[]): Promise<Door[]> {
  const own: Door[] = [];
  for (const home of homes.filter((each) => each !== 'workerd')) {
    own.push(...doorsOf(await programsOf(home, workspace.newFolder(home))));
  }
  return own.toSorted((one, other) => Number(one.isFloor) - Number(other.isFloor));
}

async function startDoor(peer: Door, workspace: Workspace, isProfiled = false): Promise<DoorContender> {
  const server = await peer.start(workspace, workspace.newFolder('door'), isProfiled);
  const contender = { peer, server, headers: await jsonHeaders(server) };
  console.error(`${peer.name} runs`);
  return contender;
}

/** Runs one call over gRPC under V8's profiler on the first own server. Returns the report, or the reason for none. */
export async function profileDoor({ workspace, homes, how }: DoorComparison, call: CallName): Promise<string> {
  const problem = await goProblem();
  if (problem !== undefined) return `The profile is skipped: ${problem}`;
  const [door] = await ownDoors(workspace, homes);
  if (door === undefined) return 'There is nothing to profile: no chosen home has a port for gRPC';
  const contender = await startDoor(door, workspace, true);
  const contest = { client: await GoClient.build(workspace), seconds: how.seconds };
  if (!door.isFloor) await contest.client.measure(contender.server, 'prepare');
  // Once without the profiler, so that V8 has compiled the hot functions.
  await grpcTurn(contest, contender, call);
  const profiled = await contender.server.profile?.(async () => (await grpcTurn(contest, contender, call)).perSecond);
  await contender.server.stop();
  return `${door.name}, ${grpcTitle(call)}: ${profiled?.rate.toFixed(0)} calls/s ${profiled?.text}`;
}

/** Compares Rollcall with etcd as etcd's clients see both. Returns the report, or the reason for which it can't run. */
export async function compareDoors(comparison: DoorComparison): Promise<string> {
  const { workspace, homes, how, isQuick, publishes } = comparison;
  const problem = await goProblem();
  if (problem !== undefined) return `The comparison over etcd's API is skipped: ${problem}`;
  const log = (line: string) => console.error(line);
  const client = await GoClient.build(workspace);
  const own = await ownDoors(workspace, homes);
  const doors = [...own.filter((door) => !door.isFloor), etcdDoor, ...own.filter((door) => door.isFloor)];
  const contenders: DoorContender[] = [];
  for (const door of doors) contenders.push(await startDoor(door, workspace));
  const scale = isQuick ? QUICK : FULL;
  const contest: DoorContest = {
    workspace,
    client,
    contenders,
    rounds: how.rounds,
    warmsUp: !isQuick,
    seconds: how.seconds,
    scale,
    log,
  };
  const { rows, processor } = await doorRates(contest);
  for (const crowd of crowdsOf(scale.watchers)) rows.push(...(await doorFanOut(contest, crowd)));
  await Promise.all(contenders.map(({ server }) => server.stop()));
  rows.push(...(await doorFootprint(contest)));
  const reading = readFileSync('bench/peers/etcd/reading.txt', 'utf8');
  const report = renderDoors({ doors, rows, processor, ratios: ratiosOf(scale.watchers), how, reading });
  if (publishes) writeFileSync('bench/ETCD.md', report);
  return report;
}
