import { directoryContract } from '../../../test/contracts/directory-contract';
import { NodeDirectory } from '../../../test/fixtures/node-directory';

directoryContract('the core in Node', () => {
  const directory = new NodeDirectory();
  return {
    get api() {
      return directory.api;
    },
    pass: (ms) => directory.pass(ms),
    restart: () => directory.restart(),
    fill: async (ns) => void directory.controls.sizes.set(ns, { instances: 1, services: 1 }),
  };
});
