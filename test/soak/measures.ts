import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchServer } from '../../bench/bench-server';
import { residentBytes } from '../../bench/resident-memory';

/**
 * Sockets and files that come by themselves, up to 8 on Deno: connections that this process keeps idle for up to a minute, those of
 * the checkpoint thread, which starts when it is needed, and a database that SQLite keeps open for the next checkpoint.
 */
export const SLACK_DESCRIPTORS = 10;

/** What a registry holds at one moment. */
export interface Measure {
  /** V8 heap and array buffers after a full collection, in bytes. */
  heapBytes: number;
  /** Memory of the whole process, in bytes. */
  residentBytes: number;
  /** Its databases, in bytes. */
  databaseBytes: number;
  /** Their write-ahead logs, in bytes: what is in them is moved to the databases when there are some MB of it. */
  logBytes: number;
  /** Sockets, and files of the data folder. Those of event loops and threads, which start when they are needed, are left out. */
  descriptors: number;
  instances: number;
  journalRevisions: number;
}

/** Bytes of the files whose names end so. */
function bytesOf(folder: string, end: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(end));
  // One may go between the listing and the look.
  const sizes = files.map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size);
  return sizes.reduce<number>((sum, size = 0) => sum + size, 0);
}

/** Sockets and files below a folder that a process has open. */
function descriptorsOf(pid: number, folder: string): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`));
  return links.filter((link) => link.startsWith('socket:') || link.startsWith(folder)).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed since it was listed
  }
}

/** Looks at a registry that was started with an inspector. */
export async function measure(server: BenchServer): Promise<Measure> {
  const { instances, journal } = await server.stats();
  const inspector = await server.inspect();
  const heapBytes = await inspector.heapAfterCollection(() => server.must('GET', '/health'));
  inspector.close();
  return {
    heapBytes,
    residentBytes: residentBytes(server.pid),
    databaseBytes: bytesOf(server.storage, '.sqlite'),
    logBytes: bytesOf(server.storage, '.sqlite-wal'),
    descriptors: descriptorsOf(server.pid, realpathSync(server.storage)),
    instances,
    journalRevisions: journal.revisions,
  };
}
