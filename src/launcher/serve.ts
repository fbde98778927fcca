import { greeting } from './greeting';
import { packageVersion } from './package';
import type { ServeOptions } from './serve-options';
import { startRegistry } from './start-registry';
import { onStopSignal } from './stop-signals';

/**
 * `rollcall serve`: runs the registry until a signal stops it.
 *
 * @throws {LaunchError} if it can't be started, or kept running.
 */
export async function serve(options: ServeOptions): Promise<void> {
  // Before the registry answers there is nothing to end well: leaving kills workerd and gives the data folder free.
  let stop: () => void = () => process.exit(0);
  onStopSignal(() => stop());
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
