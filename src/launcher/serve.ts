import { residentBundle } from './bundle';
import { greeting } from './greeting';
import { packageVersion } from './package';
import { residentCommand } from './resident-command';
import { findRuntime } from './runtime';
import type { ServeFlags, ServeOptions } from './serve-options';
import { shellWord } from './shell-word';
import { startRegistry } from './start-registry';
import { onStopSignal } from './stop-signals';

/** Interval of the check that the parent still exists. */
const PARENT_LOOK_MS = 250;

/**
 * Runs the registry until a signal stops it. Implements `rollcall serve`.
 *
 * @throws {LaunchError} if the registry can't be started or kept running.
 */
export async function serve(options: ServeOptions): Promise<void> {
  // Before the registry answers there is nothing to finish: exiting kills its process and releases the data folder.
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
 * Prints the command of the resident process with its permissions, as one line for a shell. Implements
 * `rollcall serve --print-command`. systemd, a container or the archive's start script can run it without the launcher.
 *
 * @throws {LaunchError} if an option is wrong or no runtime is found.
 */
export async function printCommand(flags: ServeFlags): Promise<void> {
  const residentPath = await residentBundle();
  const setting = { runtime: findRuntime(), residentPath, flags, env: process.env, supervised: false };
  process.stdout.write(`${(await residentCommand(setting)).map(shellWord).join(' ')}\n`);
}

/**
 * Calls `gone` when the parent has ended, if npm started this process. npm forwards a SIGTERM only to the shell between it and
 * this process, and the shell dies without forwarding it.
 */
function watchParent(ended: () => void): void {
  if (process.env.npm_command === undefined) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    ended();
  }, PARENT_LOOK_MS);
  look.unref();
}
