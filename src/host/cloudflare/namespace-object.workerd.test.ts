import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import type { TestNamespace } from '../../../test/contracts/namespace/test-namespace';
import { namespaceContract } from '../../../test/contracts/namespace-contract';
import { FAR_AHEAD, passTime } from '../../../test/fixtures/worker-time';
import { remoteNamespace } from './remote-objects';

let lentCount = 0;

/** Creates a namespace in a separate Durable Object. Tests move its clock and fire its alarm. */
async function lend(): Promise<TestNamespace> {
  lentCount += 1;
  const name = `namespace-${lentCount}`;
  // `as`: vitest.config.ts binds it for tests only
  const { LAID_OUT_NAMESPACES } = env as unknown as { LAID_OUT_NAMESPACES: Env['NAMESPACES'] };
  const stub = () => LAID_OUT_NAMESPACES.getByName(name);
  await stub().configure({ retention: {}, limits: {} });
  vi.useFakeTimers({ toFake: ['Date'], now: FAR_AHEAD });

  const moveClock = async (ms: number) => void vi.setSystemTime(Date.now() + ms);
  return {
    api: remoteNamespace(stub),
    configure: (settings) => stub().configure(settings),
    pass: (ms) => passTime(stub, ms),
    freeze: moveClock,
    setClock: moveClock,
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
    losesAlarms: true,
    looks: true,
    ticks: 'time stands still between events, and a pending timer is billed',
    addsUpAttention: true,
    hasLayouts: true,
    remembers: true,
    isFast: 'ten thousand calls to another isolate take many seconds',
  },
  lend,
);
