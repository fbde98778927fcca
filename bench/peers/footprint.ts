import { residentBytes } from '../resident-memory';
import { type Spread, spread } from '../statistics';
import type { Comparison, Row } from './comparison';
import type { PeerServer } from './peer';

const PER_SERVICE = 100;
const CONNECTIONS = 32;
const TTL_SECONDS = 3_600;

const MEBIBYTE = 1_024 * 1_024;

async function populate(server: PeerServer, count: number): Promise<() => void> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => server.connect(TTL_SECONDS)));
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        const n = next++;
        await connection.register(`f-${Math.floor(n / PER_SERVICE)}`, `i-${n}`);
      }
    }),
  );
  return () => {
    for (const connection of connections) connection.cut();
  };
}

/** Measures a fresh peer: its memory with many instances, and the time to its first answer with them on disk. */
export async function footprint({ contenders, workspace, scale, log }: Comparison): Promise<Row[]> {
  const empty = new Map<string, Spread>();
  const full = new Map<string, Spread>();
  const starts = new Map<string, Spread>();
  for (const { peer } of contenders) {
    const folder = workspace.newFolder('footprint');
    const server = await peer.start(workspace, folder);
    const probe = await server.connect(TTL_SECONDS);
    await probe.register('probe', 'p-0');
    empty.set(peer.name, spread([residentBytes(server.pid) / MEBIBYTE]));
    const leave = await populate(server, scale.instances);
    full.set(peer.name, spread([residentBytes(server.pid) / MEBIBYTE]));
    leave();
    probe.cut();
    await server.stop();
    const taken: number[] = [];
    for (let n = 0; n < scale.starts; n++) {
      const began = performance.now();
      const again = await peer.start(workspace, folder);
      const reader = await again.connect(TTL_SECONDS);
      const count = await reader.read('f-0');
      taken.push(performance.now() - began);
      if (n === 0 && count !== PER_SERVICE) throw new Error(`${peer.name} woke with ${count} of ${PER_SERVICE}`);
      reader.cut();
      await again.stop();
    }
    starts.set(peer.name, spread(taken));
    log(
      `footprint of ${peer.name}: ${full.get(peer.name)?.median.toFixed(0)} MiB, start ${starts.get(peer.name)?.median.toFixed(0)} ms`,
    );
  }
  const count = scale.instances.toLocaleString('en-US');
  return [
    { title: 'Resident memory, empty', unit: 'MiB', better: 'less', values: empty },
    { title: `Resident memory, ${count} instances registered`, unit: 'MiB', better: 'less', values: full },
    {
      title: `From the start of the process to the first answer, ${count} instances on disk`,
      unit: 'ms',
      better: 'less',
      values: starts,
      note: 'the files are in the page cache; the time to connect is included',
    },
  ];
}
