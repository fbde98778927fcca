import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchServer } from '../../bench/bench-server';
import { residentBytes } from '../../bench/resident-memory';

/**
 * Sockets and files that are opened independently of the load, up to 8 on Deno: connections that this process keeps idle for
 * up to a minute, those of the checkpoint thread, which starts on demand, and a database that SQLite keeps open for the next
 * checkpoint.
 */
export const SLACK_DESCRIPTORS = 10;

/** Resources of a registry at one moment. */
export interface Measure {
  /** V8 heap and array buffers after a full collection, in bytes. */
  heapBytes: number;
  /** Memory of the whole process, in bytes. */
  residentBytes: number;
  /** Size of its databases, in bytes. */
  databaseBytes: number;
  /** Size of their write-ahead logs, in bytes. Their contents move to the databases after some MB. */
  logBytes: number;
  /** Sockets, and files of the data folder. Excludes those of event loops and threads, which start on demand. */
  descriptors: number;
  instances: number;
  journalRevisions: number;
}

/** Returns the size of the files whose names have an ending. */
function bytesOf(folder: string, end: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(end));
  // A file may be deleted between the listing and the stat.
  const sizes = files.map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size);
  return sizes.reduce<number>((sum, size = 0) => sum + size, 0);
}

/** Returns the number of sockets, and of files below a folder, that a process has open. */
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

/** Measures a registry that was started with an inspector. */
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
