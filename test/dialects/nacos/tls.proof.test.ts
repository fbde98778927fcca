import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freeNacosPort } from '../../../src/launcher/listening-address';
import type { RuntimeName } from '../../../src/launcher/runtime';
import { startRegistry } from '../../../src/launcher/start-registry';
import { builtResident } from '../../programs/built-programs';
import { testAuthority } from '../../programs/certificates';
import { endGateway, startGateway } from '../../programs/gateway-process';
import { temporaryFolderOfFile } from '../../programs/temporary-folder';
import { hostsOf, NacosGrpcClient } from './nacos-grpc-client';

const ROOT_TOKEN = 'test-root-token-0123456789abcdefghijklmnop';
const A = { ip: '10.0.0.1', port: 80 };

const folder = temporaryFolderOfFile();
const authority = testAuthority(folder);
const foreign = testAuthority(temporaryFolderOfFile());
const server = authority.issue('server', 'DNS:localhost,IP:127.0.0.1');

/** Registers an instance by gRPC, and reads it by HTTP on both ports, all by TLS. */
async function assertTls(port: number): Promise<void> {
  const address = `127.0.0.1:${port + 1_000}`;
  const connect = (options: { authority?: Buffer }) => {
    const client = new NacosGrpcClient({ address, token: ROOT_TOKEN, ...options });
    onTestFinished(() => client.close());
    return client;
  };
  const client = connect({ authority: readFileSync(authority.ca) });
  await client.connect();
  expect((await client.register('orders', A)).body.resultCode).toBe(200);
  expect(hostsOf(await client.subscribe('orders'))).toEqual(['10.0.0.1:80']);
  await expect(connect({ authority: readFileSync(foreign.ca) }).ask('ServerCheckRequest')).rejects.toThrow();
  await expect(connect({}).ask('ServerCheckRequest')).rejects.toThrow();
  for (const each of [port, port + 1_000]) {
    const url = `https://127.0.0.1:${each}/nacos/v1/ns/instance/list?serviceName=orders`;
    const words = ['-sSf', '--cacert', authority.ca, '-H', `accessToken: ${ROOT_TOKEN}`, url];
    expect(JSON.parse(execFileSync('curl', words, { encoding: 'utf8' })).hosts).toMatchObject([A]);
  }
}

describe("Nacos' clients by TLS", () => {
  it.each<RuntimeName>(['deno', 'node'])('[NG3, NG11] use both ports of a registry on %s', async (runtime) => {
    const options = { data: `${folder}/${runtime}`, rootToken: ROOT_TOKEN, nacosPort: 0, tls: server };
    const registry = await startRegistry({ ...options, runtime, residentPath: await builtResident() });
    onTestFinished(() => registry.stop());
    await assertTls(Number(new URL(registry.nacosUrl ?? '').port));
  });

  it('[NG3, NG11] use both ports of a gateway', async () => {
    const registry = await startRegistry({
      data: `${folder}/registry`,
      rootToken: ROOT_TOKEN,
      residentPath: await builtResident(),
    });
    onTestFinished(() => registry.stop());
    const port = await freeNacosPort();
    const words = ['--tls-cert', server.certPath, '--tls-key', server.keyPath];
    const gateway = await startGateway({ url: registry.url, token: ROOT_TOKEN, port, option: '--nacos-port', words });
    onTestFinished(() => endGateway(gateway, 'SIGTERM'));
    await assertTls(port);
  });
});
