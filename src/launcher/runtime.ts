import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LaunchError } from './launch-error';

/** Names of the runtimes that the resident process runs on. */
export type RuntimeName = 'deno' | 'node';

/** A runtime on this machine. */
export interface Runtime {
  name: RuntimeName;
  /** Path or name of its program. */
  program: string;
}

/** Oldest supported versions: the Deno that the host was measured on, and the first Node with SQLite's backup. */
const OLDEST: Readonly<Record<RuntimeName, readonly [number, number]>> = { deno: [2, 9], node: [22, 16] };

/** Timeout for a program to print its version. One that hangs counts as missing. */
const ANSWER_WITHIN_MS = 10_000;

const requireHere = createRequire(import.meta.url);

/** Returns whether a version, such as `2.9.5`, is recent enough. */
function isRecent(name: RuntimeName, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST[name];
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** Returns the path of a file in an installed package; undefined if the package or the file is missing. */
function packageFile(name: string, file: string): string | undefined {
  try {
    const path = join(dirname(requireHere.resolve(`${name}/package.json`)), file);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Pattern of the output of `--version` for each runtime. */
const VERSION: Readonly<Record<RuntimeName, RegExp>> = { deno: /^deno (\d+\.\d+\.\d+)/, node: /^v(\d+\.\d+\.\d+)/ };

/** Returns the version of a program on the path; undefined if it is missing or is another program of that name. */
function versionOf(name: RuntimeName): string | undefined {
  const { stdout } = spawnSync(name, ['--version'], { encoding: 'utf8', timeout: ANSWER_WITHIN_MS });
  return VERSION[name].exec(stdout ?? '')?.[1];
}

function findDeno(): string | undefined {
  if (process.versions.deno !== undefined) return process.execPath;
  const { platform, arch } = process;
  const installed =
    platform === 'win32'
      ? packageFile(`@deno/win32-${arch}`, 'deno.exe')
      : packageFile(`@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, 'deno');
  return installed ?? recentOnPath('deno');
}

function findNode(): string | undefined {
  if (process.versions.deno === undefined && isRecent('node', process.versions.node)) return process.execPath;
  // A checkout installs one for its tests.
  return packageFile('node', 'bin/node') ?? recentOnPath('node');
}

function recentOnPath(name: RuntimeName): string | undefined {
  const version = versionOf(name);
  return version !== undefined && isRecent(name, version) ? name : undefined;
}

/**
 * Finds the runtime for the resident process: the Deno that npm installed with this package, else Deno on the path, else Node.
 *
 * @param wanted The only acceptable runtime. Default: either.
 * @throws {LaunchError} if there is none, with advice on how to install one.
 */
export function findRuntime(wanted?: RuntimeName): Runtime {
  const deno = wanted === 'node' ? undefined : findDeno();
  if (deno !== undefined) return { name: 'deno', program: deno };
  const node = wanted === 'deno' ? undefined : findNode();
  if (node !== undefined) return { name: 'node', program: node };
  const [needed, advice] =
    wanted === undefined
      ? ['Deno 2.9 or later, or Node 22.16 or later', 'Install Deno (https://docs.deno.com/runtime/) or a newer Node.']
      : wanted === 'deno'
        ? ['Deno 2.9 or later', 'Install it: https://docs.deno.com/runtime/']
        : ['Node 22.16 or later', 'Install it: https://nodejs.org'];
  throw new LaunchError(
    `The registry needs ${needed}, which was not found: npm has installed no Deno for ${process.platform} on ` +
      `${process.arch}, there is none on the path, and this is Node ${process.versions.node}. ${advice}`,
  );
}
