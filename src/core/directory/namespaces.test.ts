import { describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/lent-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { NAMESPACES_MAX_COUNT } from '../../model/limits';

describe('Namespaces', () => {
  it('takes a limited number of namespaces', async () => {
    const { api, platform } = new NodeDirectory();
    platform.storage.transaction(() => {
      for (let number = 1; number < NAMESPACES_MAX_COUNT; number++) {
        platform.storage.run("INSERT INTO namespace (id, state, settings) VALUES (?, 'there', '{}')", `ns-${number}`);
      }
    });
    await expect(api.createNamespace(BY_ROOT, { id: 'a' })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await api.removeNamespace(BY_ROOT, 'ns-1', false);
    await api.createNamespace(BY_ROOT, { id: 'a' });
  });

  it('[N15] asks no object whether it is there', async () => {
    const { api, controls } = new NodeDirectory();
    expect(await api.findNamespace('a')).toBeNull();
    await expect(api.readNamespace(BY_ROOT, 'a')).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
    await api.removeNamespace(BY_ROOT, 'a', false);
    expect(controls.told).toEqual([]);
  });

  it('tells the object of public nothing before it is changed', async () => {
    const { api, controls } = new NodeDirectory();
    await api.createNamespace(BY_ROOT, { id: 'public' });
    expect(controls.told).toEqual([]);
    await api.patchNamespace(BY_ROOT, 'public', { retention: { maxCount: 9 } });
    expect(controls.settings.get('public')).toEqual({ retention: { maxCount: 9 }, limits: {} });
  });
});
