import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** One request of a load: where to, and with which body. */
export interface LoadRequest {
  path: string;
  /** Left out of a GET. */
  body?: string;
}

/** What `wrk` sends, over keep-alive connections. */
export interface Load {
  method: 'GET' | 'PUT' | 'POST';
  /** Sent in order, then again from the first. */
  requests: readonly LoadRequest[];
  connections: number;
  seconds: number;
}

/** What one run of `wrk` saw. Latencies are in milliseconds. Without an answer, `requests` is 0 and the rest means nothing. */
export interface LoadResult {
  requests: number;
  perSecond: number;
  latencyMs: { median: number; p99: number };
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
 * Reads the line that `load.lua` prints at the end.
 *
 * @throws {Error} if there is none, or if any request failed: a figure counts successes only.
 */
export function parseLoadResult(output: string): LoadResult {
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
 * @param origin Such as `http://127.0.0.1:8787`.
 * @param folder Where the list of requests is put for as long as the run takes.
 * @throws {Error} if any request failed.
 */
export async function drive(origin: string, load: Load, token: string, folder: string): Promise<LoadResult> {
  const list = join(folder, `load-${process.hrtime.bigint()}.txt`);
  const lines = load.requests.map(({ path, body }) => `${path}\t${body ?? ''}\n`);
  await writeFile(list, [`${load.method}\n${token}\n`, ...lines].join(''));
  const options = ['--threads', '1', '--connections', `${load.connections}`, '--duration', `${load.seconds}s`];
  try {
    const { stdout } = await run('wrk', [...options, '--script', SCRIPT, origin, '--', list]);
    return parseLoadResult(stdout);
  } finally {
    await rm(list, { force: true });
  }
}

/**
 * Makes sure that `wrk` is there.
 *
 * @throws {Error} that says how to get it.
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
