import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startPlainWorkerd } from '../../../test/programs/plain-workerd';
import { temporaryFolder } from '../../../test/programs/temporary-folder';

/** Arms an alarm for a time, and stores the argument of its handler. */
const WORKER = `
import { DurableObject } from 'cloudflare:workers';

export class Sleeper extends DurableObject {
  alarm(info) {
    return this.ctx.storage.put('fired', { scheduledTime: info?.scheduledTime ?? null, at: Date.now() });
  }

  async arm(at) {
    await this.ctx.storage.delete('fired');
    await this.ctx.storage.setAlarm(at);
  }

  async fired() {
    return (await this.ctx.storage.get('fired')) ?? null;
  }
}

export default {
  async fetch(request, env) {
    const sleeper = env.SLEEPERS.getByName('one');
    const at = new URL(request.url).searchParams.get('arm');
    if (at !== null) await sleeper.arm(Number(at));
    return Response.json(await sleeper.fired());
  },
};
`;

const PLAN = `
  modules = [(name = "worker", esModule = ${JSON.stringify(WORKER)})],
  compatibilityDate = "2026-09-18",
  durableObjectNamespaces = [(className = "Sleeper", uniqueKey = "sleeper", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [(name = "SLEEPERS", durableObjectNamespace = "Sleeper")],
`;

/** Argument of the handler, and the time at which it ran. */
interface Fired {
  scheduledTime: number | null;
  at: number;
}

async function start(folder: string) {
  const { workerd } = await startPlainWorkerd({ worker: PLAN, registry: 'http://127.0.0.1:1', folder });
  const call = async (query = '') => {
    const response = await fetch(`http://127.0.0.1:${workerd.port}/${query}`);
    return (await response.json()) as Fired | null; // `as`: the answer of the Worker above
  };
  return { workerd, call };
}

it('[L9] an alarm receives its due time after its process was frozen, and after it was killed', async () => {
  const folder = temporaryFolder();
  const { workerd, call } = await start(folder);
  onTestFinished(() => workerd.kill('SIGKILL'));

  const inTime = Date.now() + 1_000;
  await call(`?arm=${inTime}`);
  await expect.poll(() => call()).toMatchObject({ scheduledTime: inTime });

  const frozen = Date.now() + 500;
  await call(`?arm=${frozen}`);
  process.kill(workerd.pid, 'SIGSTOP');
  await sleep(2_000);
  process.kill(workerd.pid, 'SIGCONT');
  await expect.poll(() => call()).toMatchObject({ scheduledTime: frozen });
  expect((await call())?.at).toBeGreaterThan(frozen + 1_000);

  const dead = Date.now() + 500;
  await call(`?arm=${dead}`);
  workerd.kill('SIGKILL');
  await workerd.ended;
  await sleep(2_000);
  const again = await start(folder);
  onTestFinished(() => again.workerd.kill('SIGKILL'));
  await expect.poll(() => again.call()).toMatchObject({ scheduledTime: dead });
  expect((await again.call())?.at).toBeGreaterThan(dead + 1_000);
});
