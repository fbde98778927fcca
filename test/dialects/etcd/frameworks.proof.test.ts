import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Host } from '../../../src/codecs/nacos/host';
import { startOn } from '../../programs/host';
import type { RunningRegistry } from '../../programs/registry';
import { temporaryFolderOfFile } from '../../programs/temporary-folder';
import { call } from '../../watch-proofs/registry-calls';
import { buildGoProgram } from './go-program';

/** go-zero's publisher and subscriber as processes of their own, with etcd's client for Go, and Nacos' clients over HTTP. */

const folder = temporaryFolderOfFile();

/** A process of a framework. */
interface Role {
  /** Lines that it has printed. */
  lines: string[];
  /** Lets it leave as the framework does, and waits for that. */
  leave(): Promise<void>;
}

describe('go-zero on the resident host', () => {
  let program = '';
  let registry: RunningRegistry;

  beforeAll(async () => {
    [program, registry] = await Promise.all([
      buildGoProgram(folder),
      startOn('resident', { data: `${folder}/data`, etcdPort: 0 }),
    ]);
    await call(registry, 'PATCH', '', { layouts: [{ kind: 'go-zero', prefix: '', show: true }] });
  });
  afterAll(() => registry.stop());

  function play(...words: string[]): Role {
    const access = { ETCD_ENDPOINT: registry.etcdUrl ?? '', ETCD_USER: 'root', ETCD_PASSWORD: registry.rootToken };
    const child: ChildProcess & { stdin: NonNullable<ChildProcess['stdin']> } = spawn(program, words, {
      env: { ...process.env, ...access },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    const lines: string[] = [];
    if (child.stdout === null) throw new Error('its output is a pipe');
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    const leave = async (): Promise<void> => {
      child.stdin.end();
      expect(await ended).toEqual([0, null]);
    };
    return { lines, leave };
  }

  async function nacos(method: string, path: string, query: Record<string, string>): Promise<string> {
    const headers = { authorization: `Bearer ${registry.rootToken}` };
    const answer = await fetch(`${registry.url}/nacos/v1/ns/${path}?${new URLSearchParams(query)}`, {
      method,
      headers,
    });
    expect(answer.status).toBe(200);
    return answer.text();
  }

  async function nacosAddresses(serviceName: string): Promise<string[]> {
    // `as`: Nacos' response.
    const { hosts } = JSON.parse(await nacos('GET', 'instance/list', { serviceName })) as { hosts: Host[] };
    return hosts.filter(({ healthy, enabled }) => healthy && enabled).map(({ ip, port }) => `${ip}:${port}`);
  }

  it('[I11, LO11, LO16] registers a service that is resolved through the door of Nacos, until it leaves', async () => {
    const publisher = play('publish', 'user.rpc', '10.0.0.5:8080');
    await expect.poll(() => publisher.lines).toEqual([expect.stringMatching(/^user\.rpc\/\d+$/)]);
    expect(await nacosAddresses('user.rpc')).toEqual(['10.0.0.5:8080']);
    await publisher.leave();
    await expect.poll(() => nacosAddresses('user.rpc')).toEqual([]);
  });

  it('[I11, LO5, LO16] finds a service that registered through the door of Nacos, and follows it', async () => {
    const at = (ip: string) => ({ serviceName: 'orders.rpc', ip, port: '9000' });
    await nacos('POST', 'instance', at('10.0.0.7'));
    const subscriber = play('subscribe', 'orders.rpc');
    await expect.poll(() => subscriber.lines.at(-1)).toBe('10.0.0.7:9000');
    await nacos('POST', 'instance', at('10.0.0.8'));
    await expect.poll(() => subscriber.lines.at(-1)).toBe('10.0.0.7:9000 10.0.0.8:9000');
    await nacos('DELETE', 'instance', at('10.0.0.7'));
    await expect.poll(() => subscriber.lines.at(-1)).toBe('10.0.0.8:9000');
    await nacos('DELETE', 'instance', at('10.0.0.8'));
    await expect.poll(() => subscriber.lines.at(-1)).toBe('');
    await subscriber.leave();
  });
});
