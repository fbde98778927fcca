import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';
import { GoMicroWatcher } from './go-micro-client';

/** A go-micro watcher over a real connection to the real registry, without proxy or fixture. */

async function registry(): Promise<RunningRegistry> {
  const running = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => running.stop());
  return running;
}

async function api<Body>({ url, rootToken }: RunningRegistry, path: string, body: object): Promise<Body> {
  const headers = { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Body; // `as`: the caller knows the response
}

interface Given {
  /** Address as the plugin joins it: the configured one, and `/registry`. */
  address: string;
  tokenId: string;
}

/** Returns the address of a go-micro process with a token in its path, of the scope `read` or `register`. */
async function addressFor(running: RunningRegistry, scope: 'read' | 'register'): Promise<Given> {
  const wanted = { name: 'go-micro', grants: [{ scope, ns: 'public' }], pathWrite: scope === 'register' };
  const { token, id } = await api<{ token: string; id: string }>(running, '/api/v1/tokens', wanted);
  return { address: `${running.url}/t/${token}/registry`, tokenId: id };
}

const service = (id: string) => ({ name: 'a b&c', version: '1', nodes: [{ id, address: '10.0.0.5:1' }] });

/** Registers like the plugin. */
async function register(address: string, id: string): Promise<void> {
  const body = JSON.stringify(service(id));
  const answer = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  expect([answer.status, await answer.text()]).toEqual([200, '{}']);
}

describe('a go-micro watcher', () => {
  it('[X6, X7] receives every change, and its pongs at once, with and without traffic on its service', async () => {
    const running = await registry();
    const { address } = await addressFor(running, 'register');
    const reader = await addressFor(running, 'read');
    const watcher = await GoMicroWatcher.dial(`${reader.address}?service=a%20b&c`, 500, 10_000);
    onTestFinished(() => watcher.stop());
    await register(address, 'n1');
    await until('the node is there', () => watcher.results.length === 1);
    // Longer than the object stays awake, and longer than a pong may take.
    await sleep(15_000);
    const from = performance.now();
    await register(address, 'n2');
    await until('the other is there', () => watcher.results.length === 2);
    console.log(`received after ${Math.round(performance.now() - from)} ms`);
    const removal = { method: 'DELETE', body: JSON.stringify(service('n1')) };
    expect((await fetch(address, removal)).status).toBe(200);
    await until('the first is gone', () => watcher.results.length === 3);
    expect(watcher.results.map(({ Action, Service }) => `${Action} ${Service.name} ${Service.nodes[0]?.id}`)).toEqual([
      'create a b&c n1',
      'create a b&c n2',
      'delete a b&c n1',
    ]);
    expect(watcher.deaf).toBe(undefined);
    expect(watcher.pongs.length).toBeGreaterThan(20);
    console.log(`${watcher.pongs.length} pongs, the slowest after ${Math.max(...watcher.pongs).toFixed(1)} ms`);
    expect(Math.max(...watcher.pongs)).toBeLessThan(10_000);
  });

  it('[X7] receives a close frame when its token ends', async () => {
    const running = await registry();
    const { address, tokenId } = await addressFor(running, 'read');
    const watcher = await GoMicroWatcher.dial(`${address}?service=greeter`);
    onTestFinished(() => watcher.stop());
    const revoked = await fetch(`${running.url}/api/v1/tokens/${tokenId}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${running.rootToken}` },
    });
    expect(revoked.status).toBe(204);
    expect((await watcher.closed).code).toBe(1008);
  });
});
