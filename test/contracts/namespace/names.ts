import { describe, expect, it } from 'vitest';
import { InstanceDefinition } from '../../../src/model/instance';
import { isPlainKey } from '../../../src/model/json';
import { OPERATOR, OWNER } from '../../fixtures/callers';
import { bodyOf, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'a/b?c#d%2e',
  ' leading and trailing ',
  '10.0.0.1:8080',
  'DEFAULT_GROUP@@orders',
  'Ünïcödé-日本語-🦀',
  'e\u0301', // an e with an accent, in two code points
  '"quotes" and \\backslashes\\',
  'x'.repeat(255),
  '🦀'.repeat(63),
];

/** Reports whether the name can be a key in our JSON: see `parseJson`. */
const canBeKey = (name: string) => name !== '__proto__' && isPlainKey(name);

/** Tests that names are data: no part of one has a meaning to the registry. */
export function names(stage: () => Scene, capabilities: Capabilities): void {
  describe.each(NAMES)('the name %s', (name) => {
    const group = name.includes('@@') ? 'group' : name;
    const key = { group, service: name, id: name };
    const named = InstanceDefinition.parse({
      address: '10.0.0.1',
      port: 1,
      cluster: name,
      tags: [name],
      metadata: canBeKey(name) ? { [name]: name } : { name },
      ports: canBeKey(name) ? { [name]: { port: 1 } } : {},
    });

    const found = async (scene: Scene) => {
      const { api } = scene;
      const view = bodyOf(await api.readInstance({ key }));
      expect(view).toMatchObject({ ...key, cluster: name, tags: [name], metadata: named.metadata, ports: named.ports });
      const filter = { cluster: name, tag: name, metadata: { ...named.metadata } };
      expect(bodyOf(await api.listInstances({ group, service: name, filter })).instances).toHaveLength(1);
      const { instances } = bodyOf(await api.resolve({ group, service: name, cluster: name, tag: name }));
      expect(instances.map(({ id }) => id)).toEqual([name]);
      expect((await scene.services({ group, prefix: name })).map((service) => service.name)).toEqual([name]);
    };

    it('[H7] is accepted for a group, a service, an instance, a cluster, a tag and a key', async () => {
      const scene = stage();
      await scene.api.register(OWNER, { key, definition: named, precondition: {} });
      await found(scene);
      await scene.api.renew(OWNER, key);
      await scene.api.putOverride(OPERATOR, { key, override: { weight: 2 }, precondition: {} });
      expect(bodyOf(await scene.api.readOverride({ key }))).toMatchObject({ weight: 2 });
      await scene.api.deregister(OWNER, { key, precondition: {} });
      expect(bodyOf(await scene.api.resolve({ group, service: name })).instances).toEqual([]);
    });

    where(capabilities.restarts, () => {
      it('[S2] survives a restart', async () => {
        const scene = stage();
        await scene.api.register(OWNER, { key, definition: named, precondition: {} });
        await scene.restart();
        await found(scene);
      });
    });
  });

  it('names that look alike are different names', async () => {
    const scene = stage();
    const ids = ['orders', 'Orders', 'orders ', 'é', 'e\u0301'];
    for (const id of ids) await scene.register(id);
    expect(await scene.listed()).toEqual([...ids].sort());
  });

  it('one service name in two groups is two services', async () => {
    const scene = stage();
    for (const group of ['a', 'b']) {
      await scene.batch({ op: 'register', group, service: 'orders', id: 'x', url: `https://${group}.example` });
    }
    const { instances } = bodyOf(await scene.api.resolve({ group: 'a', service: 'orders' }));
    expect(instances).toMatchObject([{ url: 'https://a.example' }]);
  });
}
