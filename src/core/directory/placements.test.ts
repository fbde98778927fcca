import { expect, it } from 'vitest';
import { BY_ROOT } from '../../../test/contracts/directory/lent-directory';
import { NodeDirectory } from '../../../test/fixtures/node-directory';

it('[D7] a namespace is made where the directory is, unless its definition names a place', async () => {
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
  '[D7] a namespace is not made in a jurisdiction that the directory is not in: that is in %s',
  async (own) => {
    const { api } = new NodeDirectory({ own, matter: true });
    await expect(api.createNamespace(BY_ROOT, { id: 'a', placement: { jurisdiction: 'eu' } })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('ROLLCALL_JURISDICTION = "eu"'),
    });
    expect(await api.findNamespace('a')).toBeNull();
  },
);

it('[D7] a namespace that was made so before stays, and making it again changes nothing', async () => {
  const directory = new NodeDirectory({ own: undefined, matter: false });
  const definition = { id: 'a', placement: { jurisdiction: 'eu' as const } };
  expect((await directory.api.createNamespace(BY_ROOT, definition)).created, 'on one machine it means nothing').toBe(
    true,
  );
  directory.placements.matter = true;
  expect((await directory.api.createNamespace(BY_ROOT, definition)).created).toBe(false);
  expect(await directory.api.findNamespace('a')).toEqual({ placement: { jurisdiction: 'eu' } });
});
