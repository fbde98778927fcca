import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { BY_ROOT, by } from '../../../test/contracts/directory/test-directory';
import { OWNER } from '../../../test/fixtures/callers';
import { definition, key } from '../../../test/fixtures/definition';
import type { CalledNamespace } from './envelope';
import { remoteDirectory, remoteNamespace } from './remote-objects';

// Remove one release later, with previous-wire.ts.

/** Returns an object of the previous version, which ignores the version of its caller. */
function withoutVersion<Stub extends object>(stub: Stub): Stub {
  const { call, renew } = stub as CalledNamespace<string>; // `as`: each object is called by name
  const callBefore = (method: string, asked: string) => Reflect.apply(call, stub, [method, asked]);
  const renewBefore = (asked: string) => Reflect.apply(renew, stub, [asked]);
  return new Proxy(stub, {
    get: (_stub, name) => (name === 'renew' ? renewBefore : name === 'call' ? callBefore : undefined),
  });
}

it('[U11] a Worker of the previous version renews and resolves by name', async () => {
  const object = env.NAMESPACES.getByName('called-with-names');
  await object.configure({ retention: {}, limits: {} });
  const api = remoteNamespace(() => object);
  const { cursor } = await api.register(OWNER, { key: key('a'), definition: definition(), precondition: {} });
  const { group, service } = key('a');
  const renewed = await object.renew([OWNER.tokenId, group, service, 'a', ''].join('\n'));
  expect(renewed).toMatch(/^=.+\n\{.*"expiresAt"/);
  expect(await object.renew(['another', group, service, 'a', ''].join('\n'))).toMatch(/^!.*FORBIDDEN/);
  expect(await object.renew(['another', group, service, 'a', '+'].join('\n'))).toMatch(/^=/);
  for (const names of [
    [group, service, ''],
    [group, service, 'reader'],
  ]) {
    const resolved = await object.resolve(names.join('\n'));
    expect(resolved).toMatch(`=${cursor}\n`);
    expect(JSON.parse(resolved.slice(resolved.indexOf('\n') + 1)).instances).toHaveLength(1);
  }
});

it('[U11] a directory responds to a Worker of the previous version in its format', async () => {
  const object = env.DIRECTORY.getByName('called-without-version');
  expect(await object.call('findNamespace', '["public"]')).toBe('{"answer":{}}');
  expect(await object.call('findNamespace', '["gone"]')).toBe('{"answer":null}');
  expect(await object.call('endAudit', '[1,{}]')).toBe('{}');
  const refused = await object.call('readAudit', JSON.stringify([by({ scope: 'read', ns: '*' }), {}]));
  expect(JSON.parse(refused)).toMatchObject({ refusal: { code: 'FORBIDDEN' } });
});

it('[U11] a Worker understands objects of the previous version, which ignore its own version', async () => {
  const directory = remoteDirectory(() => withoutVersion(env.DIRECTORY.getByName('of-the-version-before')));
  expect(await directory.findNamespace('public')).toEqual({});
  expect(await directory.findNamespace('gone')).toBeNull();
  expect(await directory.endAudit(1, {})).toBeUndefined();
  expect(await directory.readAudit(BY_ROOT, {})).toEqual({ entries: [] });
  await expect(directory.readAudit(by({ scope: 'read', ns: '*' }), {})).rejects.toMatchObject({
    name: 'RegistryError',
    code: 'FORBIDDEN',
  });

  const object = env.NAMESPACES.getByName('of-the-version-before');
  await object.configure({ retention: {}, limits: {} });
  const namespace = remoteNamespace(() => withoutVersion(object));
  await namespace.register(OWNER, { key: key('a'), definition: definition(), precondition: {} });
  expect(JSON.parse((await namespace.renew(OWNER, key('a'))).body)).toMatchObject({ revision: 1 });
  expect(JSON.parse((await namespace.resolve(key('a'))).body ?? '').instances).toHaveLength(1);
});
