import { abortAllDurableObjects } from 'cloudflare:test';
import { expect, it, vi } from 'vitest';
import { goMicroWatchSuite, watch } from '../../../test/dialects/go-micro-watch-suite';
import { workerHome } from '../../../test/fixtures/worker-home';

const home = workerHome();

goMicroWatchSuite(home);

it('[X7] a go-micro watch sends a close frame when the namespace closes', async () => {
  const watcher = await watch(home);
  await abortAllDurableObjects();
  await vi.waitFor(() => expect(watcher.code).toBe(1012), { timeout: 30_000 });
});
