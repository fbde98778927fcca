import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ProgramProcess } from './program';

/** Maximum time until a floor prints its port. */
const START_MAX_MS = 20_000;

const STOP_MAX_MS = 5_000;

/**
 * Starts a floor of the resident host, and waits until it prints the port it listens on.
 *
 * @param command Program and arguments.
 * @param output Receives all other lines that it prints.
 * @throws {Error} with its output if it ends first.
 */
export async function startFloor(
  [program = '', ...words]: readonly string[],
  env: NodeJS.ProcessEnv,
  output: (line: string) => void,
): Promise<ProgramProcess> {
  const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const printed: string[] = [];
  const port = Promise.withResolvers<number>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    printed.push(line);
    output(line);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/^\d+$/.test(line)) port.resolve(Number(line));
    else output(line);
  });
  const fail = (what: string) => port.reject(new Error([`a floor ${what}:`, ...printed].join('\n  ')));
  void ended.then(() => fail('ended before it listened'));
  const timer = setTimeout(() => fail('did not listen in time'), START_MAX_MS);
  try {
    const origin = `http://127.0.0.1:${await port.promise}`;
    const { pid } = child;
    if (pid === undefined) throw new Error('a floor has no process');
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
