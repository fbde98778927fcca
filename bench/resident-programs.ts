import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleResident } from '../src/launcher/bundle';
import { residentCommand, V8_MEMORY_OPTION } from '../src/launcher/resident-command';
import { startResident } from '../src/launcher/resident-process';
import { findRuntime, type Runtime, type RuntimeName } from '../src/launcher/runtime';
import { startFloor } from './floor-process';
import {
  type BenchProgram,
  type FloorName,
  homePrograms,
  type ProgramProcess,
  type ProgramStart,
  type Programs,
  ROOT_TOKEN,
} from './program';

/** Floors of the resident host. It has no objects, and so no *noop*. */
const FLOORS: readonly FloorName[] = ['hello', 'bare', 'broadcast', 'socket-rows', 'grpc', 'nacos'];

/** Returns the command of a program, with V8's inspector if a port is given. */
function inspected([program = '', ...words]: string[], runtime: Runtime, port: number | undefined): string[] {
  if (port === undefined) return [program, ...words];
  const option = `--inspect=127.0.0.1:${port}`;
  const [subcommand, ...others] = words;
  return runtime.name === 'deno' ? [program, subcommand ?? '', option, ...others] : [program, option, ...words];
}

/** Starts a built program of the resident host. */
type Start = (runtime: Runtime, modulePath: string, how: ProgramStart) => Promise<ProgramProcess>;

/** Starts the registry as `npm start` does it, but without a supervisor. */
const startRegistry: Start = async (runtime, modulePath, { storage, env, inspectorPort, output }) => {
  const flags = { data: storage, host: '127.0.0.1', port: '0' };
  const all = { ...process.env, ...env, ROLLCALL_ROOT_TOKEN: ROOT_TOKEN };
  const command = await residentCommand({ runtime, residentPath: modulePath, flags, env: all, supervised: true });
  const signal = new AbortController().signal;
  const resident = await startResident(inspected(command, runtime, inspectorPort), all, output, signal);
  return {
    pid: resident.pid,
    origin: `http://127.0.0.1:${resident.port}`,
    kill: () => resident.kill('SIGKILL'),
    stop: async () => void (await resident.stop()),
  };
};

const startFloorProgram: Start = (runtime, modulePath, { storage, env, inspectorPort, output }) => {
  // As the registry runs.
  const run =
    runtime.name === 'deno'
      ? ['run', '--no-config', '--allow-all', `--v8-flags=${V8_MEMORY_OPTION}`]
      : [V8_MEMORY_OPTION];
  const command = inspected([runtime.program, ...run, modulePath, storage], runtime, inspectorPort);
  return startFloor(command, { ...process.env, ...env }, output);
};

/** Builds the registry and the floors for one runtime of the resident host into a folder. */
export async function residentPrograms(home: RuntimeName, folder: string): Promise<Programs> {
  const built = async (entry: string, name: string): Promise<string> => {
    const path = join(folder, `${name}.js`);
    writeFileSync(path, await bundleResident(entry));
    return path;
  };
  const program = (modulePath: string, start: Start): BenchProgram => ({
    home,
    modulePath,
    start: (how) => start(findRuntime(home), modulePath, how),
  });
  // The registry and the floors load it from the folder of their own file.
  await built('src/host/resident/storage/checkpoint-worker.ts', 'checkpoint-worker');
  const floors = new Map<FloorName, BenchProgram>();
  for (const name of FLOORS) {
    floors.set(name, program(await built(`bench/resident/${name}.ts`, name), startFloorProgram));
  }
  return homePrograms(home, program(await built('src/resident.ts', 'registry'), startRegistry), floors);
}
