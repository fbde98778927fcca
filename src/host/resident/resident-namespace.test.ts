import type { Capabilities, LentNamespace } from '../../../test/contracts/namespace/lent-namespace';
import { namespaceContract } from '../../../test/contracts/namespace-contract';
import { HandResident } from '../../../test/fixtures/hand-resident';

const capabilities: Capabilities = {
  movesTime: true,
  restarts: true,
  keepsRenewalsByLooks: true,
  losesAlarms: 'its alarms are in memory, and lost with it alone',
  looks: 'it ticks',
  ticks: true,
  remembers: true,
  isFast: true,
};

async function lend(): Promise<LentNamespace> {
  const host = await HandResident.start();
  return {
    get api() {
      return host.namespace().calls;
    },
    pass: (ms) => host.pass(ms),
    freeze: async (ms) => host.freeze(ms),
    setClock: async (ms) => host.setClock(ms),
    restart: () => host.restart(),
    loseAlarm: async () => {},
    close: () => host.close(),
  };
}

namespaceContract('the resident host', capabilities, lend);
