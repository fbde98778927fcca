import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { processorUs } from './processor-time';

/** Path and body of one request of a load. */
export interface LoadRequest {
  path: string;
  /** Absent for a GET. */
  body?: string;
}

/** Requests that `wrk` sends over keep-alive connections. */
export interface Load {
  method: 'GET' | 'PUT' | 'POST';
  /** Sent in order, then repeated from the first. */
  requests: readonly LoadRequest[];
  connections: number;
  seconds: number;
}

/** Result of `wrk`, with latencies in milliseconds. If nothing was answered, `requests` is 0 and the rest is meaningless. */
interface ClientResult {
  requests: number;
  perSecond: number;
  latencyMs: { median: number; p99: number };
}

/** Result of one run, including the server's processor time. */
export interface LoadResult extends ClientResult {
  /** Processor time of the server for each request, in microseconds. */
  processorUs: number;
}

/** The server under load. */
export interface LoadTarget {
  /** URL without a path, such as `http://127.0.0.1:8787`. */
  origin: string;
  /** Id of the server's process, whose processor time is measured. */
  pid: number;
  /** Headers of every request. */
  headers: Readonly<Record<string, string>>;
}

const SCRIPT = resolve('bench/load.lua');
const run = promisify(execFile);

interface RawResult {
  requests: number;
  durationUs: number;
  latencyUs: { median: number; p99: number };
  errors: { connect: number; read: number; write: number; status: number; timeout: number };
}

/**
 * Parses the line that `load.lua` prints at the end.
 *
 * @throws {Error} if there is none, or if any request failed, because a figure counts only successes.
 */
export function parseLoadResult(output: string): ClientResult {
  const line = /^RESULT (.*)$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk printed no result:\n${output}`);
  // The text is our own: load.lua writes exactly these members.
  const raw = JSON.parse(line) as RawResult;
  const failed = Object.entries(raw.errors).filter(([, count]) => count > 0);
  if (failed.length > 0) {
    throw new Error(`wrk saw failures: ${failed.map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  }
  return {
    requests: raw.requests,
    perSecond: (raw.requests * 1_000_000) / raw.durationUs,
    latencyMs: { median: raw.latencyUs.median / 1_000, p99: raw.latencyUs.p99 / 1_000 },
  };
}

/**
 * Drives a server with `wrk`.
 *
 * @param folder Folder for the list of requests during the run.
 * @throws {Error} if any request failed.
 */
export async function drive({ origin, pid, headers }: LoadTarget, load: Load, folder: string): Promise<LoadResult> {
  const list = join(folder, `load-${process.hrtime.bigint()}.txt`);
  const all = { 'Content-Type': 'application/json', Accept: 'application/json', ...headers };
  const headerLines = Object.entries(all).map(([name, value]) => `${name}\t${value}\n`);
  const lines = load.requests.map(({ path, body }) => `${path}\t${body ?? ''}\n`);
  await writeFile(list, [`${load.method}\n`, ...headerLines, '\n', ...lines].join(''));
  const options = ['--threads', '1', '--connections', `${load.connections}`, '--duration', `${load.seconds}s`];
  try {
    const before = processorUs(pid);
    const { stdout } = await run('wrk', [...options, '--script', SCRIPT, origin, '--', list]);
    const taken = processorUs(pid) - before;
    const result = parseLoadResult(stdout);
    return { ...result, processorUs: taken / result.requests };
  } finally {
    await rm(list, { force: true });
  }
}

/**
 * Checks that `wrk` is installed.
 *
 * @throws {Error} with instructions for installing it.
 */
export async function requireWrk(): Promise<void> {
  try {
    await run('wrk', ['--version']);
  } catch (error) {
    // wrk prints its version and exits with 1; only a missing program matters.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error('the bench needs wrk, which is not installed: apt-get install wrk', { cause: error });
    }
  }
}
