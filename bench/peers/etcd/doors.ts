import { freePort } from '../../../src/launcher/listening-address';
import { BenchServer } from '../../bench-server';
import { profileWork } from '../../profile';
import { type BenchProgram, type FloorName, type Programs, ROOT_TOKEN } from '../../program';
import type { Workspace } from '../../workspace';
import { etcd } from '../etcd-peer';
import { HttpConnection } from '../http-connection';
import { untilItWorks } from '../peer-process';

/** User and password of a server that requires them. */
export interface Credentials {
  user: string;
  password: string;
}

/** A process that listens. */
export interface Listening {
  pid: number;
  port: number;
}

/** A running server. The same process serves gRPC and JSON, except for floors. */
export interface DoorServer {
  grpc: Listening;
  json: Listening;
  /** Absent for a server that admits every client. */
  credentials?: Credentials;
  /** Runs some work under V8's profiler; absent if it was not started for that. The work resolves with its rate. */
  profile?(work: () => Promise<number>): Promise<{ rate: number; text: string }>;
  stop(): Promise<void>;
}

/** A server that speaks etcd's API, or a floor that answers its calls with constants. */
export interface Door {
  name: string;
  /** Description for the report. */
  description: string;
  /** True for a floor, which answers only the calls of which the rate is measured. */
  isFloor: boolean;
  /**
   * Starts it, and resolves when it has answered a linearizable range.
   *
   * @param folder Folder on disk. A later start on the same folder finds its data.
   * @param isProfiled True to be able to profile it, if V8 runs it.
   */
  start(workspace: Workspace, folder: string, isProfiled?: boolean): Promise<DoorServer>;
}

/**
 * Returns the headers with which a server admits JSON requests: a token for user and password, as in gRPC.
 *
 * @throws {Error} if the server refuses them.
 */
export async function jsonHeaders({ json, credentials }: DoorServer): Promise<Record<string, string>> {
  if (credentials === undefined) return {};
  const http = new HttpConnection(json.port);
  const { user, password } = credentials;
  const answer = await http.send('POST', '/v3/auth/authenticate', JSON.stringify({ name: user, password }));
  http.cut();
  return { Authorization: (JSON.parse(answer) as { token: string }).token }; // `as`: etcd's own answer
}

/** Resolves when a server answers a linearizable range of a key. */
async function untilItRanges(server: DoorServer): Promise<void> {
  await untilItWorks(async () => {
    const http = new HttpConnection(server.json.port, await jsonHeaders(server));
    await http.send('POST', '/v3/kv/range', '{"key":"YQ=="}').finally(() => http.cut());
  }, 'the port for etcd clients');
}

/** One etcd as packaged by Debian, with its default settings. */
export const etcdDoor: Door = {
  name: 'etcd',
  description: `etcd ${etcd('gRPC').version()}, default settings, one member`,
  isFloor: false,
  start: async (workspace, folder) => {
    const server = await etcd('gRPC').start(workspace, folder);
    const listening = { pid: server.pid, port: server.port };
    return { grpc: listening, json: listening, stop: () => server.stop() };
  },
};

/** Returns the part of a server that profiles it. */
function profiling(program: BenchProgram, server: BenchServer, isProfiled: boolean): Pick<DoorServer, 'profile'> {
  return isProfiled ? { profile: (work) => profileWork(program, server, work) } : {};
}

const placeOf = ({ home }: Programs): string => (home === 'deno' ? 'Deno' : 'Node');

/** Returns Rollcall's resident host with its port for etcd's clients. */
export function rollcallDoor(programs: Programs): Door {
  return {
    name: programs.home === 'deno' ? 'Rollcall' : 'Rollcall on Node',
    description: `the resident host on ${placeOf(programs)}`,
    isFloor: false,
    start: async (workspace, storage, isProfiled = false) => {
      const port = await freePort();
      const env = { ROLLCALL_ETCD_PORT: String(port) };
      const program = programs.registry;
      const server = await BenchServer.start({ workspace, program, storage, env, inspector: isProfiled });
      const listening = { pid: server.pid, port };
      const credentials = { user: 'bench', password: ROOT_TOKEN };
      const door: DoorServer = {
        grpc: listening,
        json: listening,
        credentials,
        ...profiling(program, server, isProfiled),
        stop: () => server.stop(),
      };
      await untilItRanges(door);
      return door;
    },
  };
}

/** Returns the floors of one runtime: constant answers over gRPC, and over HTTP and JSON. */
export function floorDoor(programs: Programs): Door {
  const startFloor = async (workspace: Workspace, name: FloorName, inspector = false) => {
    const server = await BenchServer.start({ workspace, program: programs.floor(name), inspector });
    return { listening: { pid: server.pid, port: Number(new URL(server.origin).port) }, server };
  };
  return {
    name: `Floor on ${placeOf(programs)}`,
    description: `constant answers on ${placeOf(programs)}: \`node:http2\` for gRPC, the listener of Rollcall for JSON`,
    isFloor: true,
    start: async (workspace, _folder, isProfiled = false) => {
      const [grpc, json] = [await startFloor(workspace, 'grpc', isProfiled), await startFloor(workspace, 'hello')];
      const stop = async () => {
        await grpc.server.stop();
        await json.server.stop();
      };
      const profiled = profiling(programs.floor('grpc'), grpc.server, isProfiled);
      return { grpc: grpc.listening, json: json.listening, ...profiled, stop };
    },
  };
}
