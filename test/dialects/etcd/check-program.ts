import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunningEtcd } from './target';

/** Maximum time that all checks of a program take together. */
const PROGRAM_MAX_MS = 300_000;

/** Result of one check: undefined if it passed, or the reason why it failed. */
export type CheckResults = Map<string, string | undefined>;

/** One line of a program's output: the result of a check, or the request to restart the server. */
interface ProgramLine {
  check?: string;
  failed?: string;
  need?: 'restart';
}

/**
 * Reads the names of checks from the sources of a program, so that each can be a test of its own before the program runs.
 *
 * @param folder Folder with the sources.
 * @param extension Their extension, such as `.go`.
 */
export function checkNames(folder: string, extension: string): string[] {
  const sources = readdirSync(folder).filter((name) => name.endsWith(extension));
  const calls = /^\s*@?(?:alone|together|across_?restart)\(\s*(['"])(.+?)\1/gim;
  return sources
    .sort()
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(calls)].map(([, , title = '']) => title));
}

/**
 * Runs a program of checks against a server. The program gets the access in its environment, and prints a line of JSON for each
 * check. Once during its run it may request a restart of the server: it continues when its input has a line.
 */
export async function runChecks(command: string, words: readonly string[], server: RunningEtcd): Promise<CheckResults> {
  const { endpoint, user, password, ca = '' } = server;
  const access = { ETCD_ENDPOINT: endpoint, ETCD_USER: user, ETCD_PASSWORD: password, ETCD_CA: ca };
  const program = spawn(command, words, { env: { ...process.env, ...access }, stdio: ['pipe', 'pipe', 'pipe'] });
  const timer = setTimeout(() => program.kill('SIGKILL'), PROGRAM_MAX_MS);
  const ended = once(program, 'close');
  const results: CheckResults = new Map();
  let problems = '';
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    problems += text;
  });
  for await (const line of createInterface(program.stdout)) {
    // `as`: the programs next to this file print nothing else.
    const { check, failed, need } = JSON.parse(line) as ProgramLine;
    if (check !== undefined) results.set(check, failed);
    if (need === 'restart') {
      await server.restart();
      program.stdin.write('restarted\n');
    }
  }
  const [code] = await ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command} ended with ${code} after ${results.size} checks: ${problems}`);
  return results;
}
