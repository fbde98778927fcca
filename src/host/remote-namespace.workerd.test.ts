import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { definition, key, ORDERS } from '../../test/fixtures/definition';
import { remoteNamespace } from './remote-namespace';

const OWNER = { tokenId: 'owner' };

let objects = 0;

/** A namespace in an object of its own, whose first calls fail on their way with these faults. */
async function begin(...faults: unknown[]) {
  objects += 1;
  const name = `remote-${objects}`;
  await env.NAMESPACES.getByName(name).configure({ retention: {}, limits: {} });
  let stubs = 0;
  const namespace = remoteNamespace(() => {
    stubs += 1;
    const stub = env.NAMESPACES.getByName(name);
    const fault = faults.shift();
    if (fault === undefined) return stub;
    return new Proxy(stub, { get: () => () => Promise.reject(fault) });
  });
  return { namespace, stubCount: () => stubs };
}

const fault = (flags: object) => Object.assign(new Error('the object moved'), flags);
const PASSING = { retryable: true };

const register = { key: key('a'), definition: definition(), precondition: {} };

describe('remoteNamespace', () => {
  it('[I10] asks once more for a read whose failure is passing, through a new stub', async () => {
    const { namespace, stubCount } = await begin(fault(PASSING));
    expect(JSON.parse((await namespace.resolve(ORDERS)).body ?? '')).toMatchObject({ instances: [] });
    expect(stubCount()).toBe(2);
  });

  it.each([
    ['fails again', [fault(PASSING), fault(PASSING)], 2],
    ['is overloaded', [fault({ ...PASSING, overloaded: true })], 1],
    ['fails for good', [fault({})], 1],
    ['fails with something that is no error', ['gone'], 1],
  ])('[I10] says of a read that %s that the namespace is UNAVAILABLE', async (_how, faults, calls) => {
    const { namespace, stubCount } = await begin(...faults);
    await expect(namespace.stats()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { retryAfterSeconds: 1 } });
    expect(stubCount()).toBe(calls);
  });

  it('[C4] never repeats a change, as it may have happened', async () => {
    const { namespace, stubCount } = await begin(fault(PASSING));
    await expect(namespace.register(OWNER, register)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(stubCount()).toBe(1);
    expect((await namespace.register(OWNER, register)).created).toBe(true);
  });

  it('gives a refusal as it was made: code, message and details', async () => {
    const { namespace } = await begin();
    await expect(namespace.renew(OWNER, key('a'))).rejects.toMatchObject({
      name: 'RegistryError',
      code: 'INSTANCE_NOT_FOUND',
      message: expect.stringContaining('register it again'),
    });
    const refused = namespace.listServices({ after: 'nonsense' });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: { errors: [{ path: 'after' }] } });
  });

  it('gives an answer as it was made: with a body, without one, or with none to give', async () => {
    const { namespace } = await begin();
    const { cursor, body, created } = await namespace.register(OWNER, register);
    expect([created, JSON.parse(body).id]).toEqual([true, 'a']);
    expect(await namespace.readInstance({ key: key('a'), ifNoneMatch: cursor })).toEqual({ cursor, body: null });
    expect(Object.keys(await namespace.deregister(OWNER, { key: key('a'), precondition: {} }))).toEqual(['cursor']);
  });
});
