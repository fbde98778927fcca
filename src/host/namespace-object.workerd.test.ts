import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import type { LentNamespace } from '../../test/contracts/namespace/lent-namespace';
import { namespaceContract } from '../../test/contracts/namespace-contract';
import { remoteNamespace } from './remote-namespace';

/** Far ahead of the real clock, by which the platform's alarms go: none fires unless a test fires it. */
const START = Date.parse('2060-01-01T00:00:00Z');

let lentCount = 0;

/** A namespace in a Durable Object of its own, whose clock is moved by hand and whose alarm is fired by hand. */
async function lend(): Promise<LentNamespace> {
  lentCount += 1;
  const name = `namespace-${lentCount}`;
  const stub = () => env.NAMESPACES.getByName(name);
  const armedFor = () => runInDurableObject(stub(), async (_object, { storage }) => await storage.getAlarm());
  await stub().configure({ retention: {}, limits: {} });
  vi.useFakeTimers({ toFake: ['Date'], now: START });

  return {
    api: remoteNamespace(stub),
    async pass(ms) {
      const end = Date.now() + ms;
      for (let at = await armedFor(); at !== null && at <= end; at = await armedFor()) {
        vi.setSystemTime(Math.max(at, Date.now()));
        await runDurableObjectAlarm(stub());
      }
      vi.setSystemTime(end);
    },
    async jump(ms) {
      vi.setSystemTime(Date.now() + ms);
    },
    restart: () => abortAllDurableObjects(),
    loseAlarm: () => runInDurableObject(stub(), (_object, { storage }) => storage.deleteAlarm()),
    async close() {
      vi.useRealTimers();
    },
  };
}

namespaceContract(
  'a Durable Object in workerd',
  {
    movesTime: true,
    restarts: true,
    keepsRenewalsByLooks: true,
    remembers: true,
    isFast: 'ten thousand calls to another isolate take many seconds',
  },
  lend,
);
