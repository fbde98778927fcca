import type { Capabilities } from '../../../test/contracts/namespace/test-namespace';
import { namespaceContract } from '../../../test/contracts/namespace-contract';
import { HandPlatform } from '../../../test/fixtures/hand-platform';
import { MADE_UP_LAYOUTS } from '../../../test/fixtures/made-up-layouts';
import { forgetful, NodeNamespace } from '../../../test/fixtures/node-namespace';

const capabilities: Capabilities = {
  movesTime: true,
  restarts: true,
  keepsRenewalsByLooks: true,
  losesAlarms: true,
  looks: true,
  ticks: 'the manual platform has one clock',
  addsUpAttention: true,
  hasLayouts: true,
  remembers: true,
  isFast: true,
};

function laidOut(): NodeNamespace {
  const platform = new HandPlatform();
  platform.layouts = MADE_UP_LAYOUTS;
  return new NodeNamespace(undefined, platform);
}

namespaceContract('the core in Node', capabilities, laidOut);

namespaceContract(
  'the core in Node, woken for every call',
  {
    ...capabilities,
    keepsRenewalsByLooks: 'it stores them before it sleeps, so after every call',
    remembers: 'its purpose is to forget',
    isFast: 'a wake reads every record',
  },
  () => {
    const namespace = laidOut();
    const api = forgetful(namespace);
    return {
      api,
      pass: async (ms) => {
        await namespace.pass(ms);
        await namespace.hibernate();
      },
      freeze: (ms) => namespace.freeze(ms),
      setClock: (ms) => namespace.setClock(ms),
      restart: () => namespace.restart(),
      loseAlarm: () => namespace.loseAlarm(),
      configure: (settings) => namespace.configure(settings),
    };
  },
);
