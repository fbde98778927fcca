import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { STORAGE_NAME } from '../../src/launcher/data-folder';
import { LaunchError } from '../../src/launcher/launch-error';
import { CONFIG_NAME, SOCKET_NAME } from './workerd-config';

/** Time that a running request gets before its workerd is killed; a stop takes at most five seconds. */
const STOP_GRACE_MS = 4_000;

/**
 * Shell commands that run before workerd replaces the shell, with the descriptor that workerd itself will report on:
 *
 * - Ctrl-C reaches the whole process group, and would end workerd during its requests: only the launcher handles it.
 * - workerd ends when it runs out of descriptors, so the limit is raised to the system's maximum (macOS: 10,240 if it does
 *   not accept the hard limit as a number), and reported.
 * - The shell waits for a line, so that no workerd opens a file before its process number is stored; none comes if the
 *   launcher died.
 */
const PRELUDE = `
trap '' INT
ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 10240 2>/dev/null
echo '{"event":"descriptors","limit":"'"$(ulimit -n)"'"}' >&3
read -r _ || exit 1
exec "$@" </dev/null
`;

/** Options of workerd besides its configuration. */
export interface WorkerdOptions {
  /** Configuration from {@link workerdConfig}. */
  config: string;
  /** Absolute path of a file to write it to. */
  configPath: string;
  /** Absolute path of the existing folder of SQLite files. */
  storage: string;
  /** Address or host name to listen on; IPv6 without brackets. */
  host: string;
  /** Port to listen on; 0 for a free one. */
  port: number;
  /** Environment of the process, including secrets. */
  env: NodeJS.ProcessEnv;
  /** Further arguments of workerd's command line, such as the inspector's address. */
  extraArguments?: string[];
  /** Called with each line that workerd prints. */
  output: (line: string) => void;
  /** Called once with the process number, before workerd opens a file; an exception aborts the start. */
  started?: (pid: number) => void;
}

/** Exit of a process. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A listening workerd. */
export interface WorkerdProcess {
  pid: number;
  /** Its port. */
  port: number;
  /** Maximum number of open descriptors; Infinity without a limit. A connection uses two. */
  descriptorLimit: number;
  /** Resolves when the process has ended for any reason. */
  ended: Promise<ProcessEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Requests a stop, lets running requests finish, and kills it after four seconds. */
  stop(): Promise<ProcessEnd>;
}

/** A message on the control descriptor, as one line of JSON. */
type ControlEvent =
  | { event: 'listen'; port: number }
  | { event: 'listen-inspector'; port: number }
  | { event: 'descriptors'; limit: string };

function binaryPath(): string {
  // The package's main export is the path of the binary for this system; it is CommonJS and has no types.
  const exported = createRequire(import.meta.url)('workerd') as { default: string };
  return exported.default;
}

function socketAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function spawnWorkerd(options: WorkerdOptions): ChildProcess {
  writeFileSync(options.configPath, options.config);
  // The import path lets the configuration name its module by an absolute path.
  const command = [binaryPath(), 'serve', '--import-path=/', options.configPath, CONFIG_NAME];
  const overrides = [
    `--socket-addr=${SOCKET_NAME}=${socketAddress(options.host, options.port)}`,
    `--directory-path=${STORAGE_NAME}=${options.storage}`,
    '--control-fd=3',
    ...(options.extraArguments ?? []),
  ];
  return spawn('/bin/sh', ['-c', PRELUDE, 'workerd', ...command, ...overrides], {
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

/** Reads the lines of a stream. Only its type allows it to be absent: each of ours is a pipe. */
function eachLine(stream: unknown, take: (line: string) => void): void {
  // Node types the entries beyond stderr as streams of either direction; spawnWorkerd made each one readable.
  createInterface({ input: stream as Readable }).on('line', take);
}

/**
 * Starts workerd and waits until it listens. It stays in this process's group, and ends with this process.
 *
 * @throws {LaunchError} if it ends before it listens, with the reason, such as a port in use.
 */
export async function startWorkerd(options: WorkerdOptions): Promise<WorkerdProcess> {
  const child = spawnWorkerd(options);
  const ended = endOf(child);
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  const killAtExit = () => kill('SIGKILL');
  process.once('exit', killAtExit);
  void ended.then(() => process.off('exit', killAtExit));

  // Its output until it listens, which contains the reason if it never does.
  const printed: string[] = [];
  let output = (line: string): void => void printed.push(line);
  eachLine(child.stdout, (line) => output(line));
  eachLine(child.stderr, (line) => output(line));

  let descriptorLimit = Number.POSITIVE_INFINITY;
  const listening = new Promise<number>((resolve) => {
    eachLine(child.stdio[3], (line) => {
      // Only the prelude and workerd write to this descriptor.
      const event = JSON.parse(line) as ControlEvent;
      if (event.event === 'listen') resolve(event.port);
      else if (event.event === 'descriptors' && event.limit !== 'unlimited') descriptorLimit = Number(event.limit);
    });
  });

  try {
    if (child.pid !== undefined) options.started?.(child.pid);
    child.stdin?.on('error', () => {}).end('go\n');
    const port = await Promise.race([listening, ended.then(() => undefined)]);
    if (port === undefined || child.pid === undefined) throw explainStartFailure(printed, options);
    output = options.output;
    for (const line of printed) output(line);
    const stop = () => stopProcess(kill, ended);
    return { pid: child.pid, port, descriptorLimit, ended, kill, stop };
  } catch (error) {
    kill('SIGKILL');
    throw error;
  }
}

async function stopProcess(kill: (signal: NodeJS.Signals) => void, ended: Promise<ProcessEnd>): Promise<ProcessEnd> {
  kill('SIGTERM');
  const timer = setTimeout(() => kill('SIGKILL'), STOP_GRACE_MS);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

/** Advice for the reasons why workerd ends before it listens, by its messages. */
const EXPLANATIONS: { pattern: RegExp; explain: (host: string, port: number) => string }[] = [
  {
    pattern: /Address already in use/,
    explain: (host, port) =>
      `Port ${port} on ${host} is in use. Stop the process that listens there, or choose another port with --port (0 takes a free one).`,
  },
  {
    pattern: /bind\(\): Permission denied/,
    explain: (_host, port) => `This user may not listen on port ${port}. Choose one above 1023 with --port.`,
  },
  {
    pattern: /bind\(\): Cannot assign requested address|bind\(\): Can't assign requested address/,
    explain: (host) => `${host} is not an address of this machine. Choose another with --host, such as 127.0.0.1.`,
  },
  {
    pattern: /DNS lookup failed/,
    explain: (host) => `The host name ${host} is unknown. Choose another with --host, such as 127.0.0.1.`,
  },
];

/** Explains why a workerd that printed these lines never listened. */
function explainStartFailure(printed: string[], { host, port }: { host: string; port: number }): LaunchError {
  const text = printed.join('\n');
  const known = EXPLANATIONS.find(({ pattern }) => pattern.test(text));
  if (known !== undefined) return new LaunchError(known.explain(host, port));
  const said = printed.filter((line) => !line.startsWith('stack: ')).join('\n') || 'no output';
  return new LaunchError(`workerd ended before it listened:\n${said}`);
}
