import { directoryContract } from '../../../test/contracts/directory-contract';
import { definition, key } from '../../../test/fixtures/definition';
import { HandResident } from '../../../test/fixtures/hand-resident';

directoryContract('the resident host', async () => {
  const host = await HandResident.start();
  return {
    get api() {
      return host.directory;
    },
    pass: (ms) => host.passWithoutLeases(ms),
    restart: () => host.restart(),
    async fill(ns) {
      const command = { key: key('a'), definition: definition(), precondition: {} };
      await host.namespace(ns).calls.register({ tokenId: 'owner' }, command);
    },
    close: () => host.close(),
  };
});
