import { expect, it } from 'vitest';
import { definition, key } from '../../../test/fixtures/definition';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { OwnWrites } from './own-writes';

const CALLER = { tokenId: 't' };

it('[Y23] counts each change made through an isolate, and no call without a change', async () => {
  const writes = new OwnWrites(10);
  const calls = writes.through('public', new NodeNamespace().api);
  const seen = [writes.changesOf('public')];
  const after = async (call: Promise<unknown>) => {
    await call.catch(() => undefined);
    seen.push(writes.changesOf('public'));
  };
  const register = { key: key('a'), definition: definition({}), precondition: {} };
  await after(calls.register(CALLER, register));
  await after(calls.register(CALLER, register));
  await after(calls.renew(CALLER, key('a')));
  await after(calls.listInstances({ ...key('a'), filter: {} }));
  await after(calls.deregister(CALLER, { key: key('a'), precondition: {} }));
  expect(seen).toEqual([0, 1, 1, 1, 1, 2]);
});

it('[Y23] counts a failed change as one that may have been made', async () => {
  const writes = new OwnWrites(10);
  const { api } = new NodeNamespace();
  const failing = { ...api, register: () => Promise.reject(new Error('away')) };
  const register = { key: key('a'), definition: definition({}), precondition: {} };
  await expect(writes.through('public', failing).register(CALLER, register)).rejects.toThrow('away');
  expect(writes.changesOf('public')).toBe(1);
});

it('[Y23] never repeats a count, also after it has forgotten a namespace', async () => {
  const writes = new OwnWrites(1);
  const change = async (id: string) => {
    const register = { key: key('a'), definition: definition({}), precondition: {} };
    await writes.through(id, new NodeNamespace().api).register(CALLER, register);
    return writes.changesOf(id);
  };
  expect([await change('a'), await change('b'), await change('a')]).toEqual([1, 2, 3]);
});
