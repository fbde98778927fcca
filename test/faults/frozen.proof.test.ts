import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { call, idsOf, instancePath } from '../watch-proofs/registry-calls';
import type { Place } from '../watch-proofs/registry-socket';
import { until } from '../watch-proofs/until';
import { ServedRegistry } from './served-registry';

const TTL_MS = 3_000;
/** Number of instances of each kind. */
const COUNT = 50;

/** Lengths of freezes in milliseconds: shorter than a gap, about a time to live, and far longer. */
const FREEZES_MS = [300, TTL_MS - 200, TTL_MS + 500, 4 * TTL_MS];

/** Registers instances and renews them until `stop` is called, each heartbeat on a separate connection as from separate hosts. */
async function beatingFleet(registry: Place, prefix: string): Promise<{ ids: string[]; stop: () => void }> {
  const ids = Array.from({ length: COUNT }, (_, index) => `${prefix}-${String(index).padStart(2, '0')}`);
  const lease = { ttlMs: TTL_MS };
  const instance = { address: '10.0.0.1', port: 80, lease };
  await Promise.all(ids.map((id) => call(registry, 'PUT', instancePath('orders', id), instance)));
  const beats = ids.map((id) =>
    setInterval(() => {
      // Requests that time out during a freeze are processed when the registry continues.
      call(registry, 'POST', `${instancePath('orders', id)}/heartbeat`).catch(() => {});
    }, TTL_MS / 3),
  );
  const stop = () => {
    for (const beat of beats) clearInterval(beat);
  };
  onTestFinished(stop);
  return { ids, stop };
}

it('[I6, L7] a registry that was frozen, however long, keeps every holder that renews, and then expires the others', async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const fleet = await beatingFleet(registry, 'beats');
  for (const freezeMs of FREEZES_MS) {
    const silent = await beatingFleet(registry, `silent-${freezeMs}`);
    silent.stop();
    process.kill(registry.pid, 'SIGSTOP');
    await sleep(freezeMs);
    process.kill(registry.pid, 'SIGCONT');
    const left = new Set<string>();
    await until('the silent ones have expired', async () => {
      const ids = new Set(await idsOf(registry, 'orders'));
      for (const id of fleet.ids) if (!ids.has(id)) left.add(id);
      return silent.ids.every((id) => !ids.has(id));
    });
    expect([...left], `after ${freezeMs} ms`).toEqual([]);
  }
});

it('[M4, M22] a second registry does not start on the folder of a frozen one, however long it is frozen', async () => {
  const data = temporaryFolder();
  const frozen = await ServedRegistry.start(data);
  frozen.freeze();
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(startRegistry({ data })).rejects.toThrow(/in use by a registry \(process \d+, since/);
    }
  } finally {
    frozen.goOn();
  }
  await call(frozen, 'GET', '/stats');
  await frozen.kill();
  const next = await startRegistry({ data, rootToken: frozen.rootToken });
  onTestFinished(() => next.stop());
  await call(next, 'GET', '/stats');
});
