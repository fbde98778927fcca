import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/launcher/listening-address';
import { PROJECT_ROOT } from '../../house/source-tree';
import { type Host, startOn } from '../../programs/host';
import type { RegistryOptions, RunningRegistry } from '../../programs/registry';
import { systemNode } from '../../programs/system-node';
import type { EtcdTarget } from './target';

/** Name of the user of all clients. The registry accepts any. */
const USER = 'root';

/** Starts a registry on a folder of its own. Its stop removes the folder, too. */
async function startEmpty(host: Host, options: Partial<RegistryOptions> = {}): Promise<RunningRegistry> {
  const data = mkdtempSync(join(tmpdir(), 'rollcall etcd-'));
  const registry = await startOn(host, { data, ...options });
  const stop = async (): Promise<void> => {
    await registry.stop();
    rmSync(data, { recursive: true, force: true });
  };
  // Not a copy: some of its members change.
  return Object.assign(Object.create(registry) as RunningRegistry, { stop }); // `as`: it has all members of its prototype
}

/** What both homes do otherwise than etcd, as docs/migrate/etcd.md lists it. */
const DIFFERENCES = {
  go: {
    'a value of 1 MB': 'a value has at most 512 KiB',
    'lease: the longest time to live': 'a lease lives for at most 30 days',
  },
  etcdctl: {
    'endpoint health': 'etcdctl asks for the members without its credentials, which only etcd answers',
    'endpoint status': 'the size of the files of a registry is not reported',
    'user add, list, get, passwd and delete': 'users are tokens, which other commands manage',
    'role add, grants, revokes and delete': 'roles are grants of tokens',
  },
} as const;

/** The port for clients of etcd of a registry on one machine. */
export const RESIDENT: EtcdTarget = {
  name: 'the resident host',
  differences: DIFFERENCES,
  start: async () => {
    const registry = await startEmpty('resident', { etcdPort: 0 });
    return {
      endpoint: registry.etcdUrl ?? '',
      user: USER,
      password: registry.rootToken,
      restart: () => registry.kill('SIGKILL'),
      stop: () => registry.stop(),
    };
  },
};

/** Starts a gateway on a port, and resolves when it answers. */
async function startGateway({ url, rootToken }: RunningRegistry, port: number): Promise<ChildProcess> {
  const words = [join(PROJECT_ROOT, 'bin', 'rollcall.js'), 'gateway', '--url', url, '--etcd-port', String(port)];
  const env = { ...process.env, ROLLCALL_TOKEN: rootToken };
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

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** A gateway for clients of etcd in front of the registry in `workerd`. */
export const GATEWAY: EtcdTarget = {
  name: 'a gateway in front of workerd',
  differences: DIFFERENCES,
  start: async () => {
    const registry = await startEmpty('workerd');
    const port = await freePort();
    let gateway = await startGateway(registry, port);
    return {
      endpoint: `http://127.0.0.1:${port}`,
      user: USER,
      password: registry.rootToken,
      restart: async () => {
        await ended(gateway, 'SIGKILL');
        gateway = await startGateway(registry, port);
      },
      stop: async () => {
        await ended(gateway, 'SIGTERM');
        await registry.stop();
      },
    };
  },
};
