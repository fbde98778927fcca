import { describe, expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/test-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';
import { NAMESPACES_MAX_COUNT } from '../../model/limits';

describe('Namespaces', () => {
  it('accepts a limited number of namespaces', async () => {
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

  it('[N15] asks no object whether its namespace exists', async () => {
    const { api, controls } = new NodeDirectory();
    expect(await api.findNamespace('a')).toBeNull();
    await expect(api.readNamespace(BY_ROOT, 'a')).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
    await api.removeNamespace(BY_ROOT, 'a', false);
    expect(controls.calls).toEqual([]);
  });

  it('doesn’t notify the object of public before public is changed', async () => {
    const { api, controls } = new NodeDirectory();
    await api.createNamespace(BY_ROOT, { id: 'public' });
    expect(controls.calls).toEqual([]);
    await api.patchNamespace(BY_ROOT, 'public', { retention: { maxCount: 9 } });
    expect(controls.settings.get('public')).toEqual({ retention: { maxCount: 9 }, limits: {} });
  });
});

it('[LO8] a layout that the registry does not have is refused, and the ones that it has are named', async () => {
  const directory = new NodeDirectory();
  const layouts = [{ kind: 'roster', prefix: 'a/' }];
  const refusal = (message: string) => expect.objectContaining({ code: 'INVALID_REQUEST', message });
  const none = 'this registry has no layout "roster"; it has none';
  await expect(directory.api.createNamespace(BY_ROOT, { id: 'a', layouts })).rejects.toEqual(refusal(none));
  await directory.api.createNamespace(BY_ROOT, { id: 'a', layouts: [] });
  await expect(directory.api.patchNamespace(BY_ROOT, 'a', { layouts })).rejects.toEqual(refusal(none));
  directory.layoutKinds = ['cards', 'roster'];
  await directory.restart();
  expect(await directory.api.patchNamespace(BY_ROOT, 'a', { layouts })).toMatchObject({ layouts });
  const other = [...layouts, { kind: 'rooster', prefix: 'a/' }];
  await expect(directory.api.patchNamespace(BY_ROOT, 'a', { layouts: other })).rejects.toEqual(
    refusal('this registry has no layout "rooster"; it has cards, roster'),
  );
  // A version without the layout keeps the setting, other settings can be changed, and it can be removed.
  directory.layoutKinds = [];
  await directory.restart();
  expect(await directory.api.patchNamespace(BY_ROOT, 'a', { title: 'A' })).toMatchObject({ title: 'A', layouts });
  expect((await directory.api.patchNamespace(BY_ROOT, 'a', { layouts: null })).layouts).toBeUndefined();
});

it('[D7] a namespace is created in the directory’s location unless its definition names one', async () => {
  const { api } = new NodeDirectory({ own: 'eu', matter: true });
  const made = await api.createNamespace(BY_ROOT, { id: 'a' });
  expect(made).toMatchObject({ created: true, view: { placement: { jurisdiction: 'eu' } } });
  expect((await api.createNamespace(BY_ROOT, { id: 'a' })).created, 'the same again').toBe(false);
  expect(await api.findNamespace('a')).toEqual({ placement: { jurisdiction: 'eu' } });
  await api.createNamespace(BY_ROOT, { id: 'b', placement: { jurisdiction: 'eu' } });
  const hinted = await api.createNamespace(BY_ROOT, { id: 'c', placement: { hint: 'weur' } });
  expect(hinted.view.placement).toEqual({ hint: 'weur' });
});

it.each(['fedramp', undefined] as const)(
  '[D7] a namespace can’t be created outside the directory’s jurisdiction: in %s',
  async (own) => {
    const { api } = new NodeDirectory({ own, matter: true });
    await expect(api.createNamespace(BY_ROOT, { id: 'a', placement: { jurisdiction: 'eu' } })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('ROLLCALL_JURISDICTION = "eu"'),
    });
    expect(await api.findNamespace('a')).toBeNull();
  },
);

it('[D7] a namespace that an earlier version created elsewhere stays, and creating it again changes nothing', async () => {
  const directory = new NodeDirectory({ own: undefined, matter: false });
  const definition = { id: 'a', placement: { jurisdiction: 'eu' as const } };
  expect((await directory.api.createNamespace(BY_ROOT, definition)).created, 'it has no effect on one machine').toBe(
    true,
  );
  directory.placements.matter = true;
  expect((await directory.api.createNamespace(BY_ROOT, definition)).created).toBe(false);
  expect(await directory.api.findNamespace('a')).toEqual({ placement: { jurisdiction: 'eu' } });
});
