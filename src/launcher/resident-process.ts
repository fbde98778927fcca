import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LaunchError } from './launch-error';
import { type LaunchReport, readReport } from './launch-report';
import type { ProcessEnd, ServingProcess } from './supervisor';

/** Time from a stop signal until the process is killed. It exits by itself after four seconds. */
const STOP_MAX_MS = 4_500;

/**
 * Shell script that raises the descriptor limit to the hard limit and then executes the resident process. macOS may refuse the
 * hard limit; it accepts 10,240. The process can't read the limit itself, so it gets it in a variable. The script ignores the
 * signal of a file size limit, which would end Deno, so that such a write fails as it does on a full disk.
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
 * Starts the resident process and waits until the registry answers. The process stays in this process group. It ends when this
 * process does, even if that is killed, because its standard input then ends.
 *
 * @param command Program and arguments.
 * @param output Receives each line that the process prints.
 * @param signal Aborts the start.
 * @throws {LaunchError} if the process ends before it answers, with the reason.
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

  // Lines are kept until the process answers, since they contain the reason if it never does.
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
    // On Windows, which has no signals, the end of its standard input stops it.
    child.stdin?.end();
    const timer = setTimeout(() => kill('SIGKILL'), STOP_MAX_MS);
    return ended.finally(() => clearTimeout(timer));
  };
  return { pid: child.pid, port: report.port, report, ended, kill, stop };
}

/** Returns the error for a process that ended without a report. */
function endedEarly(printed: readonly string[], [program]: readonly string[]): LaunchError {
  const said = printed.join('\n') || 'it printed nothing';
  return new LaunchError(`The registry (${program}) ended before it answered:\n${said}`);
}
