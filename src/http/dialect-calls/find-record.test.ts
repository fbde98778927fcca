import { expect, it } from 'vitest';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { RegistryError } from '../../model/errors';
import { InstanceDefinition } from '../../model/instance';
import { findInstance, findOverride } from './find-record';

const KEY = { group: 'g', service: 's', id: 'a' };

it('finds an instance and its override, or nothing', async () => {
  const { api } = new NodeNamespace();
  expect([await findInstance(api, KEY, 't'), await findOverride(api, KEY, 't')]).toEqual([undefined, undefined]);
  const definition = InstanceDefinition.parse({ address: '10.0.0.1', port: 1 });
  await api.register({ tokenId: 't' }, { key: KEY, definition, precondition: {} });
  await api.putOverride({ tokenId: 'op', operates: true }, { key: KEY, override: { weight: 2 }, precondition: {} });
  expect(await findInstance(api, KEY, 't')).toMatchObject({ id: 'a', address: '10.0.0.1' });
  expect(await findOverride(api, KEY, 't')).toMatchObject({ weight: 2, actor: 'op' });
});

it('passes on any other failure', async () => {
  const { api } = new NodeNamespace();
  const failure = new RegistryError('UNAVAILABLE', 'away');
  const away = { ...api, readInstance: () => Promise.reject(failure) };
  await expect(findInstance(away, KEY, 't')).rejects.toBe(failure);
});
