import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import type { TestDirectory } from '../../../test/contracts/directory/test-directory';
import { directoryContract } from '../../../test/contracts/directory-contract';
import { definition, key } from '../../../test/fixtures/definition';
import { namespaceStubs } from './object-stubs';
import { remoteDirectory, remoteNamespace } from './remote-objects';

/** Far ahead of the real clock, which the platform's alarms use: none fires unless a test fires it. */
const START = Date.parse('2060-01-01T00:00:00Z');

let lentCount = 0;

/** Creates a directory in a separate Durable Object. Tests move its clock and fire its alarm. */
function lend(): TestDirectory {
  lentCount += 1;
  const name = `directory-${lentCount}`;
  const stub = () => env.DIRECTORY.getByName(name);
  const armedFor = () => runInDurableObject(stub(), async (_object, { storage }) => await storage.getAlarm());
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  const api = remoteDirectory(stub);

  return {
    api,
    async pass(ms) {
      const end = Date.now() + ms;
      for (let at = await armedFor(); at !== null && at <= end; at = await armedFor()) {
        vi.setSystemTime(Math.max(at, Date.now()));
        await runDurableObjectAlarm(stub());
      }
      vi.setSystemTime(end);
    },
    restart: () => abortAllDurableObjects(),
    async fill(ns) {
      const namespace = remoteNamespace(namespaceStubs(env, ns, undefined));
      await namespace.register({ tokenId: 'owner' }, { key: key('a'), definition: definition(), precondition: {} });
    },
    // Namespaces are found by name, whichever directory created them, so the next test must not find those of this one.
    async close() {
      const root = { principal: { tokenId: 'root', grants: [{ scope: 'admin' as const, ns: '*' }] } };
      for (const { id } of (await api.listNamespaces(root, {})).namespaces) {
        if (id !== 'public') await api.removeNamespace(root, id, true);
      }
      vi.useRealTimers();
    },
  };
}

directoryContract('a Durable Object in workerd', lend);
