import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorker } from '../src/launcher/bundle';
import { registryConfig } from '../test/workerd/start-workerd-registry';
import { type ObjectClass, workerdConfig } from '../test/workerd/workerd-config';
import { startWorkerd } from '../test/workerd/workerd-process';
import {
  type BenchProgram,
  type FloorName,
  homePrograms,
  type ProgramProcess,
  type ProgramStart,
  type Programs,
  ROOT_TOKEN,
} from './program';

/** Objects of the floors. A Worker can't listen for gRPC. */
const FLOOR_OBJECTS: Record<Exclude<FloorName, 'grpc' | 'nacos'>, ObjectClass[]> = {
  hello: [],
  noop: [{ binding: 'OBJECTS', className: 'NoopObject', uniqueKey: 'bench-noop' }],
  bare: [{ binding: 'OBJECTS', className: 'BareObject', uniqueKey: 'bench-bare' }],
  broadcast: [{ binding: 'OBJECTS', className: 'BroadcastObject', uniqueKey: 'bench-broadcast' }],
  'socket-rows': [{ binding: 'OBJECTS', className: 'SocketRowsObject', uniqueKey: 'bench-socket-rows' }],
};

/** A Worker and its objects, run by workerd. */
class WorkerdProgram implements BenchProgram {
  readonly home = 'workerd';
  readonly modulePath: string;
  readonly #config: string;

  constructor(modulePath: string, config: string) {
    this.modulePath = modulePath;
    this.#config = config;
  }

  async start({ folder, storage, env, inspectorPort, output }: ProgramStart): Promise<ProgramProcess> {
    const workerd = await startWorkerd({
      config: this.#config,
      configPath: join(folder, 'workerd.capnp'),
      storage,
      host: '127.0.0.1',
      port: 0,
      env: { ...process.env, ...env, ROLLCALL_ROOT_TOKEN: ROOT_TOKEN, ROLLCALL_ONE_MACHINE: 'true' },
      extraArguments: inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`],
      output,
    });
    return {
      pid: workerd.pid,
      origin: `http://127.0.0.1:${workerd.port}`,
      kill: () => workerd.kill('SIGKILL'),
      stop: async () => void (await workerd.stop()),
    };
  }
}

async function bundled(folder: string, entry: string, name: string): Promise<string> {
  const modulePath = join(folder, `${name}.js`);
  writeFileSync(modulePath, await bundleWorker(entry));
  return modulePath;
}

/** Bundles a Worker with the registry's objects. */
export async function registryWorker(folder: string, entry: string, name: string): Promise<BenchProgram> {
  const modulePath = await bundled(folder, entry, name);
  return new WorkerdProgram(modulePath, registryConfig(modulePath));
}

/** Bundles the registry and the floors for workerd into a folder. */
export async function workerdPrograms(folder: string): Promise<Programs> {
  const registry = await registryWorker(folder, 'src/worker.ts', 'registry');
  const floors = new Map<FloorName, BenchProgram>();
  for (const [name, objects] of Object.entries(FLOOR_OBJECTS)) {
    const modulePath = await bundled(folder, `bench/floors/${name}.ts`, name);
    // `as`: a key of the record
    floors.set(name as FloorName, new WorkerdProgram(modulePath, workerdConfig({ modulePath, objects })));
  }
  return homePrograms('workerd', registry, floors);
}
