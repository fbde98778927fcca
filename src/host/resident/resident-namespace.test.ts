import type { Capabilities, TestNamespace } from '../../../test/contracts/namespace/test-namespace';
import { namespaceContract } from '../../../test/contracts/namespace-contract';
import { HandResident } from '../../../test/fixtures/hand-resident';
import { MADE_UP_LAYOUTS } from '../../../test/fixtures/made-up-layouts';
import { forgetful } from '../../../test/fixtures/node-namespace';

const capabilities: Capabilities = {
  movesTime: true,
  restarts: true,
  keepsRenewalsByLooks: true,
  losesAlarms: 'its alarms are in memory, and lost only with it',
  looks: 'it ticks',
  ticks: true,
  addsUpAttention: true,
  hasLayouts: true,
  remembers: true,
  isFast: true,
};

function lentOf(host: HandResident): TestNamespace {
  return {
    get api() {
      return host.namespace().calls;
    },
    pass: (ms) => host.pass(ms),
    freeze: async (ms) => host.freeze(ms),
    setClock: async (ms) => host.setClock(ms),
    restart: () => host.restart(),
    loseAlarm: async () => {},
    configure: (settings) => host.namespace().configure(settings),
    close: () => host.close(),
  };
}

const start = () => HandResident.start({ layouts: MADE_UP_LAYOUTS });

namespaceContract('the resident host', capabilities, async () => lentOf(await start()));

namespaceContract(
  'the resident host, put to sleep after every call',
  {
    ...capabilities,
    keepsRenewalsByLooks: 'it stores them before it sleeps, so after every call',
    remembers: 'its purpose is to forget',
    isFast: 'a wake reads every record',
  },
  async () => {
    const host = await start();
    const hibernate = () => host.namespace().sleep();
    const api = forgetful({
      get api() {
        return host.namespace().calls;
      },
      hibernate,
    });
    return {
      ...lentOf(host),
      api,
      pass: async (ms) => {
        await host.pass(ms);
        await hibernate();
      },
    };
  },
);
