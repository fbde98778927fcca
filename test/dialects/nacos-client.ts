import { createRequire } from 'node:module';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';

/** An instance as shown by Nacos' client for Node. */
export interface NacosHost {
  instanceId: string;
  ip: string;
  port: number;
  healthy: boolean;
  enabled: boolean;
  weight: number;
  metadata: Record<string, string>;
}

interface NacosInstance {
  ip: string;
  port: number;
  weight?: number;
  metadata?: Record<string, string>;
}

/** The part of `NacosNamingClient` that is used here. Its package has no types. Source: nacos 2.6.3. */
export interface NacosNamingClient {
  ready(): Promise<void>;
  close(): Promise<void>;
  registerInstance(service: string, instance: NacosInstance, group?: string): Promise<void>;
  deregisterInstance(service: string, instance: NacosInstance, group?: string): Promise<void>;
  getAllInstances(service: string, group?: string, clusters?: string, subscribe?: boolean): Promise<NacosHost[]>;
  selectInstances(
    service: string,
    group?: string,
    clusters?: string,
    healthy?: boolean,
    subscribe?: boolean,
  ): Promise<NacosHost[]>;
  subscribe(service: string, listener: (hosts: NacosHost[]) => void): void;
  getServerStatus(): Promise<'UP' | 'DOWN'>;
}

interface NacosOptions {
  /** `host:port` of each server. */
  serverList: string[];
  /** A token, sent as the password of any user: it goes into the query of each request. */
  token: string;
  namespace?: string;
}

/** Creates the client as installed, unchanged. It is closed at the end of the test. */
export async function nacosClient({
  serverList,
  token,
  namespace = 'public',
}: NacosOptions): Promise<NacosNamingClient> {
  const require = createRequire(join(PROJECT_ROOT, 'test/clients/package.json'));
  // `as`: the package has no types.
  const { NacosNamingClient: Client } = require('nacos') as {
    NacosNamingClient: new (options: object) => NacosNamingClient;
  };
  const quiet = () => {};
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const client = new Client({ logger, serverList, namespace, username: 'nacos', password: token });
  onTestFinished(() => client.close());
  await client.ready();
  return client;
}
