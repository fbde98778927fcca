import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeName } from '../../../src/launcher/runtime';
import { type RunningRegistry, startRegistry } from '../../../src/launcher/start-registry';
import { builtResident } from '../../programs/built-programs';
import { testAuthority } from '../../programs/certificates';
import { temporaryFolderOfFile } from '../../programs/temporary-folder';

const ROOT_TOKEN = 'test-root-token-0123456789abcdefghijklmnop';
const LOCAL = 'DNS:localhost,IP:127.0.0.1';

const folder = temporaryFolderOfFile();
const authority = testAuthority(folder);
const foreign = testAuthority(temporaryFolderOfFile());

/** Runs etcdctl, and returns what it prints; its error if it fails. */
function etcdctl(endpoint: string, ...words: string[]): string {
  const env = { PATH: process.env.PATH, ETCDCTL_API: '3' };
  const given = ['--endpoints', endpoint, '--user', `any:${ROOT_TOKEN}`, '--dial-timeout', '3s', ...words];
  try {
    return execFileSync('etcdctl', given, { env, encoding: 'utf8', stdio: 'pipe', timeout: 20_000 }).trim();
  } catch (error) {
    return String(error);
  }
}

describe.each<RuntimeName>(['deno', 'node'])('etcdctl by TLS, on %s', (runtime) => {
  const server = authority.issue(`server-${runtime}`, LOCAL);
  const client = authority.issue(`client-${runtime}`, 'DNS:client');
  const stranger = foreign.issue(`stranger-${runtime}`, 'DNS:stranger');
  const started: RunningRegistry[] = [];
  const urls: string[] = [];

  beforeAll(async () => {
    for (const etcdClientCa of [undefined, authority.ca]) {
      const options = {
        data: `${folder}/${runtime}-${started.length}`,
        rootToken: ROOT_TOKEN,
        etcdPort: 0,
        tls: server,
        etcdClientCa,
      };
      const registry = await startRegistry({ ...options, runtime, residentPath: await builtResident() });
      started.push(registry);
      urls.push(registry.etcdUrl ?? '');
    }
  });
  afterAll(async () => {
    for (const registry of started) await registry.stop();
  });

  const trust = ['--cacert', authority.ca];
  const certificate = ['--cert', client.certPath, '--key', client.keyPath];

  it('reads and writes, and verifies the certificate of the port', () => {
    const [url = ''] = urls;
    expect(url).toMatch(/^https:/);
    expect(etcdctl(url, ...trust, 'put', 'a', 'b')).toBe('OK');
    expect(etcdctl(url, ...trust, 'get', 'a')).toBe('a\nb');
    expect(etcdctl(url, '--cacert', foreign.ca, 'get', 'a')).toMatch(/Error/);
    expect(etcdctl(url.replace('https', 'http'), 'get', 'a')).toMatch(/Error/);
  });

  it('needs a certificate of the right authority where the port asks for one', () => {
    const [, url = ''] = urls;
    expect(etcdctl(url, ...trust, ...certificate, 'put', 'a', 'b')).toBe('OK');
    expect(etcdctl(url, ...trust, ...certificate, 'get', 'a')).toBe('a\nb');
    expect(etcdctl(url, ...trust, 'get', 'a')).toMatch(/Error/);
    expect(etcdctl(url, ...trust, '--cert', stranger.certPath, '--key', stranger.keyPath, 'get', 'a')).toMatch(/Error/);
    expect(etcdctl(url, ...trust, ...certificate, 'get', 'a')).toBe('a\nb');
  });
});
