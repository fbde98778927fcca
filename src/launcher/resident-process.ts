import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LaunchError } from './launch-error';
import { type LaunchReport, readReport } from './launch-report';
import type { ProcessEnd, ServingProcess } from './supervisor';

/** Time from a stop signal until the process is killed. It ends by itself after four seconds; all is over within five. */
const STOP_MAX_MS = 4_500;

/**
 * What a shell does before it becomes the resident process: raises the descriptor limit to what the system allows (macOS:
 * 10,240 where the hard limit is not a number it takes), and tells the process of it, which may not ask. It ignores the signal
 * that comes with a write beyond a bound on files, which ends Deno, so that such a write fails as one on a full disk does.
 */
const PRELUDE = `
(trap '' XFSZ) 2>/dev/null && trap '' XFSZ
ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 10240 2>/dev/null
ROLLCALL_DESCRIPTOR_LIMIT="$(ulimit -n)" exec "$@"
`;

/** A resident process that answers. */
export interface ResidentProcess extends ServingProcess {
  report: Extract<LaunchReport, { event: 'listening' }>;
}

function spawnResident([program = '', ...words]: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  if (process.platform === 'win32') return spawn(program, words, { env, stdio: [...stdio] });
  return spawn('/bin/sh', ['-c', PRELUDE, 'rollcall', program, ...words], { env, stdio: [...stdio] });
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function eachLine(stream: Readable | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', take);
}

/**
 * Starts the resident process and waits until the registry answers. It stays in this process's group, and ends with this
 * process, even where that is killed: its standard input ends then.
 *
 * @param command Program and arguments.
 * @param output Takes each line that it prints.
 * @param signal Gives the start up.
 * @throws {LaunchError} if it ends before it answers, with the reason.
 */
export async function startResident(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  output: (line: string) => void,
  signal: AbortSignal,
): Promise<ResidentProcess> {
  const child = spawnResident(command, env);
  child.stdin?.on('error', () => {});
  const ended = endOf(child);
  const kill = (how: NodeJS.Signals) => void child.kill(how);
  const killAtExit = () => kill('SIGKILL');
  process.once('exit', killAtExit);
  signal.addEventListener('abort', killAtExit);
  void ended.then(() => process.off('exit', killAtExit));

  // Until it answers, what it prints is kept: if it never does, the reason is in there.
  const printed: string[] = [];
  let take = (line: string): void => void printed.push(line);
  eachLine(child.stderr, (line) => take(line));
  const reported = new Promise<LaunchReport>((resolve) => {
    eachLine(child.stdout, (line) => {
      const report = readReport(line);
      if (report === undefined) take(line);
      else resolve(report);
    });
  });

  const report = await Promise.race([reported, ended.then(() => undefined)]);
  signal.removeEventListener('abort', killAtExit);
  if (report?.event !== 'listening' || child.pid === undefined) {
    await ended;
    for (const line of report === undefined ? [] : printed) output(line);
    throw report?.event === 'refused' ? new LaunchError(report.message, report.exitCode) : endedEarly(printed, command);
  }
  take = output;
  for (const line of printed) output(line);
  const stop = async (): Promise<ProcessEnd> => {
    kill('SIGTERM');
    // Where there are no signals, the end of its standard input stops it.
    child.stdin?.end();
    const timer = setTimeout(() => kill('SIGKILL'), STOP_MAX_MS);
    return ended.finally(() => clearTimeout(timer));
  };
  return { pid: child.pid, port: report.port, report, ended, kill, stop };
}

/** Why a process that printed these lines never answered. */
function endedEarly(printed: readonly string[], [program]: readonly string[]): LaunchError {
  const said = printed.join('\n') || 'it said nothing';
  return new LaunchError(`The registry (${program}) ended before it answered:\n${said}`);
}
