import type { Capabilities } from '../../../test/contracts/namespace/test-namespace';
import { namespaceContract } from '../../../test/contracts/namespace-contract';
import { forgetful, NodeNamespace } from '../../../test/fixtures/node-namespace';

const capabilities: Capabilities = {
  movesTime: true,
  restarts: true,
  keepsRenewalsByLooks: true,
  losesAlarms: true,
  looks: true,
  ticks: 'the manual platform has one clock',
  addsUpAttention: true,
  remembers: true,
  isFast: true,
};

namespaceContract('the core in Node', capabilities, () => new NodeNamespace());

namespaceContract(
  'the core in Node, woken for every call',
  {
    ...capabilities,
    keepsRenewalsByLooks: 'it stores them before it sleeps, so after every call',
    remembers: 'its purpose is to forget',
    isFast: 'a wake reads every record',
  },
  () => {
    const namespace = new NodeNamespace();
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
    };
  },
);
