import { residentBundle } from './bundle';
import { greeting } from './greeting';
import { packageVersion } from './package';
import { residentCommand } from './resident-command';
import { findRuntime } from './runtime';
import type { ServeFlags, ServeOptions } from './serve-options';
import { shellWord } from './shell-word';
import { startRegistry } from './start-registry';
import { onStopSignal } from './stop-signals';

/** How often to look whether the parent is still there. */
const PARENT_LOOK_MS = 250;

/**
 * `rollcall serve`: runs the registry until a signal stops it.
 *
 * @throws {LaunchError} if it can't be started, or kept running.
 */
export async function serve(options: ServeOptions): Promise<void> {
  // Before the registry answers there is nothing to end well: leaving kills its process and gives the data folder free.
  let stop: () => void = () => process.exit(0);
  const signal = onStopSignal(() => stop());
  watchParent(() => signal('SIGTERM'));
  const registry = await startRegistry({ ...options, output: (line) => process.stderr.write(`${line}\n`) });
  stop = () => {
    process.stderr.write('Stopping.\n');
    void registry.stop();
  };
  process.stdout.write(`${greeting(packageVersion(), registry, options)}\n`);
  try {
    await registry.ended;
  } finally {
    await registry.stop();
  }
}

/**
 * `rollcall serve --print-command`: prints the command of the resident process with its permissions, as one line for a
 * shell. What runs it takes the place of the launcher: systemd, a container's runtime, the start script of the archive.
 *
 * @throws {LaunchError} if an option is wrong, or no runtime is here.
 */
export async function printCommand(flags: ServeFlags): Promise<void> {
  const residentPath = await residentBundle();
  const setting = { runtime: findRuntime(), residentPath, flags, env: process.env, supervised: false };
  process.stdout.write(`${(await residentCommand(setting)).map(shellWord).join(' ')}\n`);
}

/**
 * Calls back when the parent is gone, under npm: npm passes a SIGTERM on to the shell that it started us by, and that shell
 * dies of it without a word.
 */
function watchParent(gone: () => void): void {
  if (process.env.npm_command === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    gone();
  }, PARENT_LOOK_MS);
  look.unref();
}
