import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../src/launcher/listening-address';
import { endGateway, startGateway } from '../../programs/gateway-process';
import { type Host, startOn } from '../../programs/host';
import type { RegistryOptions, RunningRegistry } from '../../programs/registry';
import type { EtcdTarget } from './target';

/** Time in which clients have come back after the registry behind their gateway. */
const RETURN_MS = 2_000;

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

/** Differences of both homes from etcd, which docs/migrate/etcd.md lists. */
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

/** A gateway for clients of etcd in front of the registry in `workerd`. */
export const GATEWAY: EtcdTarget = {
  name: 'a gateway in front of workerd',
  differences: DIFFERENCES,
  start: async () => {
    const registry = await startEmpty('workerd');
    const { url, rootToken: token } = registry;
    const port = await freePort();
    let gateway = await startGateway({ url, token, port });
    return {
      endpoint: `http://127.0.0.1:${port}`,
      user: USER,
      password: token,
      restart: async () => {
        // Each of them in turn: streams end with an error that the gateway writes, and later with their connection.
        await registry.kill('SIGKILL');
        await sleep(RETURN_MS);
        await endGateway(gateway, 'SIGKILL');
        gateway = await startGateway({ url, token, port });
      },
      stop: async () => {
        await endGateway(gateway, 'SIGTERM');
        await registry.stop();
      },
    };
  },
};
