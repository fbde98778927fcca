import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { startBoundWorker } from '../programs/bound-worker';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { call, instancePath } from '../watch-proofs/registry-calls';
import { readPieces } from './js-guide';

/** Each piece of the page is a separate Worker, which runs on plain workerd beside a registry. */

const PAGE = readFileSync(join(PROJECT_ROOT, 'docs/workers.md'), 'utf8');

/** Replaces the platform's timer: calls `scheduled` before each request. */
const PLATFORM = `
import page from './page.js';
export * from './page.js';
export default {
  async fetch(...given) {
    await page.scheduled?.(...given);
    return page.fetch(...given);
  },
};
`;

/** Starts instances of `orders` in two places. They respond with the request they got. */
async function startOrders(registry: RunningRegistry): Promise<void> {
  const server = createServer((asked, answer) => answer.end(`${asked.method} ${asked.url}`)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo; // `as`: it listens on TCP
  const places = {
    'orders-paris': { latitude: 48.9, longitude: 2.4 },
    'orders-berlin': { latitude: 52.5, longitude: 13.4 },
  };
  for (const [id, location] of Object.entries(places)) {
    await call(registry, 'PUT', instancePath('orders', id), { address: '127.0.0.1', port, location, ephemeral: false });
  }
}

it('[D2] every Worker on the page runs in workerd and answers what the page shows', async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  await startOrders(registry);
  const pieces = readPieces(PAGE);
  expect(pieces.length).toBeGreaterThan(3);
  for (const { code, line, shown } of pieces) {
    const folder = temporaryFolder();
    const entry = join(folder, 'platform.js');
    writeFileSync(join(folder, 'page.js'), code);
    writeFileSync(entry, PLATFORM);
    const objects = [...code.matchAll(/export class (\w+) extends DurableObject/g)].map(([, name = '']) => name);
    const worker = await startBoundWorker(entry, registry, { objects });
    const answer = await worker.ask('/');
    expect(`docs/workers.md:${line}\n${await answer.text()}\n`).toBe(`docs/workers.md:${line}\n${shown}`);
    expect(worker.printed.filter((text) => /error|uncaught/i.test(text))).toEqual([]);
    await (await worker.ask('/close')).text();
  }
});

it('[D2] the binding on the page is that of the example', () => {
  const [, shown = ''] = /^```toml\n([\s\S]*?)^```$/m.exec(PAGE) ?? [];
  expect(shown).not.toBe('');
  expect(readFileSync(join(PROJECT_ROOT, 'examples/edge-caller/wrangler.toml'), 'utf8')).toContain(shown);
});
