import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';

/** A system call on a folder. Times are line numbers of the recording. */
export interface DiskCall {
  /** Times of the call and of its return. */
  start: number;
  end: number;
  /** False if the call failed. */
  succeeded: boolean;
  action:
    | { kind: 'open'; path: string; descriptor: string; makes: boolean; cuts: boolean }
    | { kind: 'write'; path: string; offset: number; bytes: Buffer }
    | { kind: 'truncate'; path: string; length: number }
    | { kind: 'flush'; path: string; descriptor: string }
    | { kind: 'unlink'; path: string }
    /** A line on its standard output. */
    | { kind: 'print'; line: string };
}

/** Parameters of a recording. */
export interface Recording {
  /** Program and arguments. */
  command: string[];
  /** Folder whose calls are recorded. */
  folder: string;
  /** Output file of strace. */
  trace: string;
  /** Number of a flush that fails, as on a broken disk. */
  failingFlush?: number | undefined;
  /** First line number, so that recordings can follow one another. */
  from: number;
}

const CALLS = 'openat,open,write,pwrite64,pwritev,lseek,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,fallocate';

/**
 * Runs a program under strace. Returns the writes and flushes of all its threads in a folder, in order.
 *
 * @throws {Error} if strace or the program can't be run.
 */
export function recordDiskCalls({ command, folder, trace, failingFlush, from }: Recording): DiskCall[] {
  const inject = failingFlush === undefined ? [] : ['-e', `inject=fdatasync:error=EIO:when=${failingFlush}`];
  // `-f`: all threads; `-y`: paths of descriptors; `-xx`: all bytes in hexadecimal.
  const options = ['-f', '-qq', '-y', '-xx', '-s', '4000000', '-e', `trace=${CALLS}`, ...inject, '-o', trace];
  // io_uring would flush without a system call. strace counts flushes by thread, so one thread makes all of them.
  const env = { ...process.env, UV_USE_IO_URING: '0', UV_THREADPOOL_SIZE: '1' };
  const { error, signal, status, stderr } = spawnSync('strace', [...options, ...command], { encoding: 'utf8', env });
  if (error !== undefined)
    throw new Error(`strace can't be run: ${error.message}; install it with apt-get`, { cause: error });
  if (signal !== 'SIGKILL' && status !== 0) throw new Error(`the recorded program failed: ${stderr}`);
  const calls = parse(readFileSync(trace, 'latin1'), folder, from);
  rmSync(trace);
  return calls;
}

function parse(text: string, folder: string, from: number): DiskCall[] {
  const calls: DiskCall[] = [];
  const positions = new Map<string, number>();
  /** Unfinished calls by thread, interrupted by those of other threads. */
  const pending = new Map<string, { start: number; text: string }>();
  let time = from;
  for (const line of text.split('\n')) {
    time += 1;
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    if (rest.endsWith(' <unfinished ...>')) {
      pending.set(thread, { start: time, text: rest.slice(0, -' <unfinished ...>'.length) });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const begun = resumed === null ? undefined : pending.get(thread);
    if (resumed !== null) pending.delete(thread);
    const whole = resumed === null ? rest : `${begun?.text}${resumed[1]}`;
    const call = callOf(whole, folder, positions);
    if (call !== undefined) calls.push({ ...call, start: begun?.start ?? time, end: time });
  }
  // The unfinished calls of a killed process may have taken effect or not.
  for (const { start, text: begun } of pending.values()) {
    const call = callOf(`${begun}) = ?`, folder, positions);
    if (call !== undefined) calls.push({ ...call, start, end: Number.POSITIVE_INFINITY, succeeded: false });
  }
  return calls.sort((one, other) => one.start - other.start);
}

const STRING = '"((?:\\\\x[0-9a-f]{2})*)"';
const DESCRIPTOR = '(\\d+)<([^>]*)>';
const RESULT = '\\) += +(-?\\d+|\\?)';
const OPEN = new RegExp(`^openat\\(AT_FDCWD[^,]*, ${STRING}, ([A-Z_|]+)[^)]*${RESULT}`);
const WRITE = new RegExp(`^(write|pwrite64)\\(${DESCRIPTOR}, ${STRING}, \\d+(?:, (\\d+))?${RESULT}`);
const SEEK = new RegExp(`^lseek\\(${DESCRIPTOR}, .*${RESULT}`);
const TRUNCATE = new RegExp(`^ftruncate\\(${DESCRIPTOR}, (\\d+)${RESULT}`);
const FLUSH = new RegExp(`^(?:fsync|fdatasync)\\(${DESCRIPTOR}${RESULT}`);
const UNLINK = new RegExp(`^unlink(?:at)?\\((?:AT_FDCWD[^,]*, )?${STRING}[^)]*${RESULT}`);

/** Parses one call. Returns undefined if it is irrelevant. */
function callOf(
  text: string,
  folder: string,
  positions: Map<string, number>,
): Pick<DiskCall, 'action' | 'succeeded'> | undefined {
  const isInside = (path: string) => path === folder || path.startsWith(`${folder}/`);
  const done = (result = '?') => result !== '?' && !result.startsWith('-');
  let match = WRITE.exec(text);
  if (match !== null) {
    const [, name, descriptor = '', hexPath = '', hex = '', offset, result] = match;
    const bytes = bytesOf(hex);
    if (descriptor === '1') return { succeeded: true, action: { kind: 'print', line: bytes.toString().trim() } };
    const path = bytesOf(hexPath).toString();
    if (!isInside(path)) return undefined;
    const at = name === 'write' ? (positions.get(descriptor) ?? 0) : Number(offset);
    if (name === 'write') positions.set(descriptor, at + bytes.length);
    if (done(result) && Number(result) !== bytes.length) throw new Error(`a write was cut short: ${text.slice(-80)}`);
    return { succeeded: done(result), action: { kind: 'write', path, offset: at, bytes } };
  }
  match = OPEN.exec(text);
  if (match !== null) {
    const [, hexPath = '', flags = '', result = ''] = match;
    const path = bytesOf(hexPath).toString();
    if (!isInside(path) || !done(result)) return undefined;
    positions.set(result, 0);
    const [makes, cuts] = [flags.includes('O_CREAT'), flags.includes('O_TRUNC')];
    return { succeeded: true, action: { kind: 'open', path, descriptor: result, makes, cuts } };
  }
  match = SEEK.exec(text);
  if (match !== null) {
    positions.set(match[1] ?? '', Number(match[3]));
    return undefined;
  }
  match = TRUNCATE.exec(text) ?? FLUSH.exec(text);
  if (match !== null) {
    const path = bytesOf(match[2] ?? '').toString();
    if (!isInside(path)) return undefined;
    if (!text.startsWith('ftruncate')) {
      const action = { kind: 'flush', path, descriptor: match[1] ?? '' } as const;
      return { succeeded: done(match[3]), action };
    }
    // strace writes numbers in decimal, independent of the format of strings.
    return { succeeded: done(match[4]), action: { kind: 'truncate', path, length: Number(match[3]) } };
  }
  match = UNLINK.exec(text);
  if (match !== null) {
    const path = bytesOf(match[1] ?? '').toString();
    return isInside(path) ? { succeeded: done(match[2]), action: { kind: 'unlink', path } } : undefined;
  }
  const isKnown = /^(openat|write|pwrite64|lseek|ftruncate|fsync|fdatasync|unlink|unlinkat|---|\?\?\?|\+\+\+)/.test(
    text,
  );
  if (!isKnown) throw new Error(`an unknown call: ${text.slice(0, 200)}`);
  return undefined;
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

/**
 * Returns whether a recording with injected failures is unrealistic: Linux reports a failed flush once to every open file
 * that existed then, but here a later flush through another one succeeded.
 */
export function hidesFailure(calls: readonly DiskCall[]): boolean {
  /** Time at which the file behind each descriptor was opened; numbers are used again. */
  const openedAt = new Map<string, number>();
  /** Failed flushes: strace counts by thread, so several may fail. */
  const failed: { path: string; start: number; openFile: string }[] = [];
  return calls.some(({ action, start, end, succeeded }) => {
    if (action.kind === 'open') openedAt.set(action.descriptor, start);
    if (action.kind !== 'flush' || !Number.isFinite(end)) return false;
    const { path, descriptor } = action;
    const opened = openedAt.get(descriptor) ?? 0;
    const openFile = `${descriptor} ${opened}`;
    if (!succeeded) failed.push({ path, start, openFile });
    return succeeded && failed.some((each) => each.path === path && opened < each.start && each.openFile !== openFile);
  });
}
