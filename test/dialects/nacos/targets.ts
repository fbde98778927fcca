import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeNacosPort } from '../../../src/launcher/listening-address';
import { endGateway, startGateway } from '../../programs/gateway-process';
import { startOn } from '../../programs/host';

/** A registry with a port for clients of Nacos, and the ways in which it can fail. */
export interface NacosTarget {
  readonly name: string;
  start(): Promise<RunningTarget>;
}

/** A target that runs. */
export interface RunningTarget {
  /** Host and port of Nacos' HTTP API. */
  readonly server: string;
  /** Host and port of gRPC. */
  readonly address: string;
  /** URL of the registry's own API. */
  readonly url: string;
  readonly token: string;
  /** Starts another port with the same registry behind it; undefined if there can be only one. */
  another: (() => Promise<{ address: string; stop(): Promise<void> }>) | undefined;
  /** Id of the process that clients are connected to. */
  pid(): number;
  /** Restarts, each in its way. All resolve once it answers again. */
  readonly restarts: Readonly<Record<string, () => Promise<void>>>;
  stop(): Promise<void>;
}

const option = '--nacos-port';

/** The ports of a registry on one machine. */
const RESIDENT: NacosTarget = {
  name: 'the resident host',
  start: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall nacos-'));
    const nacosPort = await freeNacosPort();
    const options = { data: join(folder, 'data'), nacosPort };
    let registry = await startOn('resident', options);
    const { url, rootToken: token } = registry;
    const port = Number(new URL(url).port);
    return {
      server: `127.0.0.1:${nacosPort}`,
      address: `127.0.0.1:${nacosPort + 1_000}`,
      url,
      token,
      another: undefined,
      pid: () => registry.pid,
      restarts: {
        'was killed': () => registry.kill('SIGKILL'),
        'was stopped and started': async () => {
          await registry.stop();
          registry = await startOn('resident', { ...options, port });
        },
      },
      stop: async () => {
        await registry.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

/** A gateway in front of the registry in `workerd`. */
const GATEWAY: NacosTarget = {
  name: 'a gateway in front of workerd',
  start: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall nacos-'));
    const registry = await startOn('workerd', { data: join(folder, 'data') });
    const { url, rootToken: token } = registry;
    const port = await freeNacosPort();
    let gateway = await startGateway({ url, token, port, option });
    const again = async (signal: NodeJS.Signals): Promise<void> => {
      await endGateway(gateway, signal);
      gateway = await startGateway({ url, token, port, option });
    };
    return {
      server: `127.0.0.1:${port}`,
      address: `127.0.0.1:${port + 1_000}`,
      url,
      token,
      another: async () => {
        const other = await freeNacosPort();
        const second = await startGateway({ url, token, port: other, option });
        return { address: `127.0.0.1:${other + 1_000}`, stop: () => endGateway(second, 'SIGTERM') };
      },
      pid: () => gateway.pid ?? 0,
      restarts: {
        'was killed': () => again('SIGKILL'),
        'was stopped and started': () => again('SIGTERM'),
        'got another registry behind it': () => registry.kill('SIGKILL'),
      },
      stop: async () => {
        await endGateway(gateway, 'SIGTERM');
        await registry.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

export const NACOS_TARGETS: readonly NacosTarget[] = [RESIDENT, GATEWAY];
