import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorker } from '../src/launcher/bundle';
import { registryConfig } from '../test/workerd/start-workerd-registry';
import { type ObjectClass, workerdConfig } from '../test/workerd/workerd-config';

/** The floors: Workers of the bench's own that do a part of the work and nothing else. */
export type FloorName = 'hello' | 'noop' | 'bare' | 'broadcast' | 'socket-rows';

/** A Worker that the bench runs: the configuration of its workerd, and where its bundle lies. */
export interface BenchWorker {
  config: string;
  modulePath: string;
}

/** All Workers of one run, bundled alike. */
export type BenchWorkers = Record<FloorName | 'registry' | 'calls', BenchWorker>;

const FLOOR_OBJECTS: Record<FloorName, ObjectClass[]> = {
  hello: [],
  noop: [{ binding: 'OBJECTS', className: 'NoopObject', uniqueKey: 'bench-noop' }],
  bare: [{ binding: 'OBJECTS', className: 'BareObject', uniqueKey: 'bench-bare' }],
  broadcast: [{ binding: 'OBJECTS', className: 'BroadcastObject', uniqueKey: 'bench-broadcast' }],
  'socket-rows': [{ binding: 'OBJECTS', className: 'SocketRowsObject', uniqueKey: 'bench-socket-rows' }],
};

/** Bundles the registry and the floors into a folder. */
export async function bundleWorkers(folder: string): Promise<BenchWorkers> {
  const bundle = async (entry: string, name: string): Promise<string> => {
    const modulePath = join(folder, `${name}.js`);
    writeFileSync(modulePath, await bundleWorker(entry));
    return modulePath;
  };
  const floor = async (name: FloorName): Promise<BenchWorker> => {
    const modulePath = await bundle(`bench/floors/${name}.ts`, name);
    return { modulePath, config: workerdConfig({ modulePath, objects: FLOOR_OBJECTS[name] }) };
  };
  const registry = async (entry: string, name: string): Promise<BenchWorker> => {
    const modulePath = await bundle(entry, name);
    return { modulePath, config: registryConfig(modulePath) };
  };
  return {
    registry: await registry('src/worker.ts', 'registry'),
    calls: await registry('bench/floors/calls.ts', 'calls'),
    hello: await floor('hello'),
    noop: await floor('noop'),
    bare: await floor('bare'),
    broadcast: await floor('broadcast'),
    'socket-rows': await floor('socket-rows'),
  };
}
