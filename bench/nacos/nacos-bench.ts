import { freeNacosPort } from '../../src/launcher/listening-address';
import { NACOS_GRPC_OFFSET } from '../../src/launcher/serve-options';
import { BenchServer } from '../bench-server';
import type { FloorName, Programs } from '../program';
import type { Workspace } from '../workspace';

/** Sizes of a run: full, or as small as needed to show that it works. */
export interface NacosScale {
  /** Number of clients that are connected at once. */
  clients: number;
  /** Number of instances that are registered and removed in a turn. */
  instances: number;
  /** Shortest length of a turn of changes, in milliseconds. */
  turnMs: number;
  /** Number of changes in a turn of a fan-out or of a lateness. */
  changes: number;
  /** Number of clients that poll while the lateness of polls is measured. */
  pollers: number;
  /** Time for which idle clients are counted, in milliseconds. */
  idleMs: number;
  /** Numbers of connections whose memory is measured. */
  connections: readonly number[];
  /** Time after which memory is read, in milliseconds. */
  settleMs: number;
}

/** Programs and settings of a run. */
export interface NacosBench {
  workspace: Workspace;
  /** The resident host on Deno, as `rollcall serve` runs it. */
  programs: Programs;
  /** Number of rounds, in each of which a figure and its floor take turns. */
  rounds: number;
  scale: NacosScale;
  /** Prints progress. */
  log: (line: string) => void;
}

/** A registry or a floor, with the ports for Nacos' clients that it has. */
export interface NacosTarget {
  server: BenchServer;
  httpPort: number;
  grpcPort: number;
}

/** Starts a registry with its ports for Nacos' clients. */
export async function startNacos({ workspace, programs }: NacosBench, inspector = false): Promise<NacosTarget> {
  const httpPort = await freeNacosPort('127.0.0.1');
  const env = { ROLLCALL_NACOS_PORT: String(httpPort) };
  const server = await BenchServer.start({ workspace, program: programs.registry, env, inspector });
  return { server, httpPort, grpcPort: httpPort + NACOS_GRPC_OFFSET };
}

/** Starts a floor. Its one port is that of its protocol. */
export async function startFloor({ workspace, programs }: NacosBench, name: FloorName): Promise<NacosTarget> {
  const server = await BenchServer.start({ workspace, program: programs.floor(name) });
  const port = Number(new URL(server.origin).port);
  return { server, httpPort: port, grpcPort: port };
}

/** Runs turns of a registry and of its floor, after a warm-up of both. */
export async function alternating<Turn>(
  rounds: number,
  turn: () => Promise<Turn>,
  floorTurn: () => Promise<Turn>,
): Promise<{ turns: Turn[]; floors: Turn[] }> {
  const turns: Turn[] = [];
  const floors: Turn[] = [];
  for (let round = 0; round <= rounds; round++) {
    // Neither side is always first.
    if (round % 2 === 0) floors.push(await floorTurn());
    turns.push(await turn());
    if (round % 2 === 1) floors.push(await floorTurn());
  }
  return { turns: turns.slice(1), floors: floors.slice(1) };
}

/** Returns a number of clients for a title. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
