import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProgramProcess } from './program';

/** Longest time until a program says that it listens. */
const START_MAX_MS = 20_000;

const STOP_MAX_MS = 5_000;

/** What runs a built file on one machine. */
export type Runtime = 'deno' | 'node';

/** Path of the runtime's program, from npm. */
export function runtimePath(runtime: Runtime): string {
  if (runtime === 'node') return process.execPath;
  return resolve(
    `node_modules/@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}/deno`,
  );
}

/** A built file, and how it is run. */
export interface RuntimeCommand {
  runtime: Runtime;
  /** Absolute path of the built file. */
  modulePath: string;
  /** Arguments of the program itself. */
  arguments: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Port for V8's inspector; left out: none. */
  inspectorPort: number | undefined;
  /** Takes each line that is printed after the first. */
  output: (line: string) => void;
}

function argumentsOf(command: RuntimeCommand): string[] {
  const { runtime, modulePath, inspectorPort } = command;
  const inspect = inspectorPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectorPort}`];
  const run = runtime === 'deno' ? ['run', '--no-config', '--allow-all'] : [];
  return [...run, ...inspect, modulePath, ...command.arguments];
}

/**
 * Runs a program of the resident host, and waits for its first line: the port that it listens on.
 *
 * @throws {Error} with what it printed, if it ends before.
 */
export async function startProgram(command: RuntimeCommand): Promise<ProgramProcess> {
  const child = spawn(runtimePath(command.runtime), argumentsOf(command), {
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const printed: string[] = [];
  const port = Promise.withResolvers<number>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    printed.push(line);
    command.output(line);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/^\d+$/.test(line)) port.resolve(Number(line));
    else command.output(line);
  });
  const fail = (what: string) => port.reject(new Error([`${command.modulePath} ${what}`, ...printed].join('\n  ')));
  void ended.then(() => fail('ended before it listened'));
  const timer = setTimeout(() => fail('did not listen in time'), START_MAX_MS);
  try {
    const origin = `http://127.0.0.1:${await port.promise}`;
    const { pid } = child;
    if (pid === undefined) throw new Error(`${command.modulePath} has no process`);
    const kill = () => void child.kill('SIGKILL');
    const stop = async () => {
      child.kill('SIGTERM');
      const killing = setTimeout(kill, STOP_MAX_MS);
      await ended;
      clearTimeout(killing);
    };
    return { pid, origin, kill, stop };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
