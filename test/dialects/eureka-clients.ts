import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../../src/launcher/listening-address';
import type { RunningRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';

const clients = createRequire(join(import.meta.dirname, '../clients/package.json'));

/** Members of the JavaScript client that these tests use. */
export interface EurekaClient {
  start(done: (error?: Error) => void): void;
  stop(done: (error?: Error) => void): void;
  on(event: string, listener: () => void): void;
  getInstancesByAppId(app: string): { instanceId: string; hostName: string; status: string }[];
  getInstancesByVipAddress(vip: string): { instanceId: string; hostName: string; status: string }[];
}

interface EurekaModule {
  Eureka: new (config: object) => EurekaClient;
}

/** The instance of the client's own documentation: a bare port, no instanceId, no timestamps. */
const INSTANCE = {
  app: 'jqservice',
  hostName: 'localhost',
  ipAddr: '127.0.0.1',
  port: 8080,
  vipAddress: 'jq.test.something.com',
  dataCenterInfo: { name: 'MyOwn' },
};

const silent = { warn() {}, info() {}, debug() {}, error() {}, level() {} };

/** Returns the service URL of a client, with user and password in it, as all Eureka clients take it. */
export function serviceUrl({ url, rootToken }: RunningRegistry): string {
  return `${url.replace('://', `://eureka:${encodeURIComponent(rootToken)}@`)}/eureka/apps/`;
}

/** Creates the unmodified client of npm, with short intervals. It is stopped at the end of the test. */
export function eurekaClient(serviceUrls: string[], more: object = {}, instance: object = {}): EurekaClient {
  // `as`: the package has no types.
  const { Eureka } = clients('eureka-js-client') as EurekaModule;
  const client = new Eureka({
    logger: silent,
    instance: { ...INSTANCE, ...instance },
    eureka: {
      serviceUrls: { default: serviceUrls },
      heartbeatInterval: 200,
      registryFetchInterval: 200,
      waitForRegistry: true,
      ...more,
    },
  });
  onTestFinished(() => new Promise<void>((resolve) => client.stop(() => resolve())));
  return client;
}

/** Starts a client. Resolves when it is registered and sees itself in its own copy of the registry. */
export function started(client: EurekaClient): Promise<void> {
  return new Promise((resolve, reject) => client.start((error) => (error ? reject(error) : resolve())));
}

/** Starts a server that answers 503 to everything. Returns its service URL, and the number of requests so far. */
export async function brokenServer(): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // `as`: it listens on a port
  return { url: `http://127.0.0.1:${port}/eureka/apps/`, asked: () => asked };
}

/** A target that Prometheus discovered: its labels, and the address to scrape. */
export interface Target {
  discoveredLabels: Record<string, string>;
}

/** Starts Debian's Prometheus, with its own Eureka discovery pointed at the registry. Returns the discovered targets. */
export async function prometheus({ url, rootToken }: RunningRegistry): Promise<() => Promise<Target[]>> {
  const folder = temporaryFolder();
  const port = await freePort();
  const config = `
scrape_configs:
  - job_name: fleet
    scrape_interval: 10m
    eureka_sd_configs:
      - server: ${url}/eureka
        refresh_interval: 1s
        basic_auth: { username: prometheus, password: ${JSON.stringify(rootToken)} }
`;
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const program = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  onTestFinished(async () => {
    const gone = once(program, 'exit');
    program.kill();
    await gone;
  });
  await once(program, 'spawn');
  return async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/targets`).catch(() => undefined);
    if (answer === undefined || !answer.ok) return [];
    const { data } = (await answer.json()) as { data: { activeTargets: Target[] } }; // `as`: Prometheus' own API
    return data.activeTargets;
  };
}
