import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtProgram } from './built-programs';
import { systemNode } from './system-node';

/** Place of a gateway. */
export interface GatewayPlan {
  /** URL of the registry. */
  url: string;
  /** Token of the gateway. */
  token: string;
  port: number;
  /** Option that sets the port, and with it whose clients the gateway serves. Default: those of etcd. */
  option?: '--etcd-port' | '--nacos-port';
  /** Further words of the command line. */
  words?: readonly string[] | undefined;
  /** Path of `rollcall.js`. Default: that of the tests. */
  program?: string | undefined;
}

/** Starts a gateway, and resolves when it answers. */
export async function startGateway({
  url,
  token,
  port,
  option = '--etcd-port',
  words: more = [],
  program,
}: GatewayPlan): Promise<ChildProcess> {
  const words = [program ?? (await builtProgram()), 'gateway', '--url', url, option, String(port), ...more];
  const env = { ...process.env, ROLLCALL_TOKEN: token };
  const child = spawn(systemNode(), words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      printed += chunk;
      if (printed.includes(`127.0.0.1:${port}`)) resolve();
    });
    child.on('exit', () => reject(new Error(`the gateway ended: ${printed}`)));
  });
  return child;
}

/** Ends a gateway by a signal, and waits for its end. */
export async function endGateway(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
