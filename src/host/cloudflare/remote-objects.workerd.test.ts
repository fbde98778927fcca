import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { BY_ROOT, by } from '../../../test/contracts/directory/test-directory';
import { definition, key, ORDERS } from '../../../test/fixtures/definition';
import { isRefusal } from '../../model/errors';
import type { NamespaceApi } from '../../model/namespace-api';
import { remoteDirectory, remoteNamespace } from './remote-objects';

const OWNER = { tokenId: 'owner' };

let objects = 0;

/** Creates a namespace in a separate object, whose first calls fail in transit with these faults. */
async function begin(...faults: unknown[]) {
  objects += 1;
  const name = `remote-${objects}`;
  await env.NAMESPACES.getByName(name).configure({ retention: {}, limits: {} });
  let stubs = 0;
  let isCutOff = false;
  const open = () => {
    stubs += 1;
    const stub = env.NAMESPACES.getByName(name);
    const failure = faults.shift();
    if (failure !== undefined) return new Proxy(stub, { get: () => () => Promise.reject(failure) });
    if (!isCutOff) return stub;
    isCutOff = false;
    const call = (...asked: Parameters<typeof stub.call>) =>
      stub.call(...asked).then(() => Promise.reject(fault(PASSING)));
    return new Proxy(stub, { get: () => call });
  };
  const namespace = remoteNamespace(open, { now: () => 0, random: () => 0, sleep: async () => {} });
  /** Lets the next call take effect, and loses its answer. */
  const cutOff = () => {
    isCutOff = true;
  };
  return { namespace, faults, cutOff, stubCount: () => stubs };
}

const fault = (flags: object) => Object.assign(new Error('the object moved'), flags);
const PASSING = { retryable: true };

const register = { key: key('a'), definition: definition(), precondition: {} };

describe('remoteNamespace', () => {
  it('[S4] retries a read and a renewal after a transient failure, through a new stub', async () => {
    const { namespace, faults, stubCount } = await begin(fault(PASSING));
    expect(JSON.parse((await namespace.resolve(ORDERS)).body ?? '')).toMatchObject({ instances: [] });
    expect(stubCount()).toBe(2);
    await namespace.register(OWNER, register);
    faults.push(fault(PASSING));
    expect(JSON.parse((await namespace.renew(OWNER, key('a'))).body)).toMatchObject({ revision: 1 });
    faults.push(fault(PASSING));
    expect(JSON.parse((await namespace.renewMany(OWNER, [key('a')])).body)).toMatchObject({ renewed: 1 });
    expect(stubCount()).toBe(7);
  });

  it('[S4] returns a retried registration as unchanged if the first attempt made it', async () => {
    const { namespace, cutOff, stubCount } = await begin();
    cutOff();
    const { created, body } = await namespace.register(OWNER, register);
    expect([created, JSON.parse(body).id, stubCount()]).toEqual([false, 'a', 2]);
    expect(JSON.parse((await namespace.history({})).body).entries).toHaveLength(1);
  });

  const conditional = { ...register, precondition: { absent: true } };
  const restarted = { ...register, definition: definition({ incarnation: 'run-2' }) };
  const withoutLease = { ...register, definition: definition({ ephemeral: false }) };
  it('[S4] never retries a change that must not happen twice', async () => {
    const changes: Record<string, (namespace: NamespaceApi) => Promise<unknown>> = {
      'a registration with a precondition': (namespace) => namespace.register(OWNER, conditional),
      'a registration of an incarnation': (namespace) => namespace.register(OWNER, restarted),
      'a registration without a lease': (namespace) => namespace.register(OWNER, withoutLease),
      'a deregistration': (namespace) => namespace.deregister(OWNER, { key: key('a'), precondition: {} }),
      'a drain': (namespace) => namespace.drain(OWNER, { key: key('a'), waitMs: 0, graceMs: 0 }),
      'a batch': (namespace) => namespace.batch(OWNER, [{ op: 'register', ...register }]),
    };
    for (const [what, change] of Object.entries(changes)) {
      const { namespace, stubCount } = await begin(fault(PASSING));
      await expect(change(namespace), what).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(stubCount(), what).toBe(1);
    }
  });

  it('passes a refusal on unchanged: code, message and details', async () => {
    const { namespace } = await begin();
    await expect(namespace.renew(OWNER, key('a'))).rejects.toMatchObject({
      name: 'RegistryError',
      code: 'INSTANCE_NOT_FOUND',
      message: expect.stringContaining('register it again'),
    });
    const refused = namespace.listServices({ after: 'nonsense' });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: { errors: [{ path: 'after' }] } });
  });

  it('passes a response on unchanged: with a body, without one, or empty', async () => {
    const { namespace } = await begin();
    const { cursor, body, created } = await namespace.register(OWNER, register);
    expect([created, JSON.parse(body).id]).toEqual([true, 'a']);
    expect(await namespace.readInstance({ key: key('a'), ifNoneMatch: cursor })).toEqual({ cursor, body: null });
    expect(Object.keys(await namespace.deregister(OWNER, { key: key('a'), precondition: {} }))).toEqual(['cursor']);
  });
});

it('[H12, Y23] an object of the previous version fails at an unknown call, and refuses nothing', async () => {
  const object = env.NAMESPACES.getByName('public');
  // `as`: a method that no version has.
  const call = (_method: string, asked: string) => object.call('askedByALaterVersion' as 'stats', asked);
  const namespace = remoteNamespace(() => new Proxy(object, { get: () => call }));
  const error = await namespace.changedServices({ keepForMs: 0, reads: [] }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'INTERNAL' });
  expect(isRefusal(error)).toBe(false);
});

/** Creates a directory in a separate object, whose first calls fail in transit with these faults. */
function beginDirectory(...faults: unknown[]) {
  objects += 1;
  const name = `remote-${objects}`;
  let stubs = 0;
  const directory = remoteDirectory(() => {
    stubs += 1;
    const stub = env.DIRECTORY.getByName(name);
    const fault = faults.shift();
    if (fault === undefined) return stub;
    return new Proxy(stub, { get: () => () => Promise.reject(fault) });
  });
  return { directory, stubCount: () => stubs };
}

const passing = () => Object.assign(new Error('the object moved'), { retryable: true });

describe('remoteDirectory', () => {
  it('[S4] retries a read after a transient failure', async () => {
    const { directory, stubCount } = beginDirectory(passing());
    expect(await directory.findNamespace('public')).toEqual({});
    expect(stubCount()).toBe(2);
  });

  it('[I10] reports that it is unreachable if a read fails again', async () => {
    const { directory } = beginDirectory(passing(), passing(), passing());
    await expect(directory.verify('a', 'b')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[S4] never retries a change, because it may have happened', async () => {
    const { directory, stubCount } = beginDirectory(passing());
    await expect(directory.beginAudit({ action: 'changed', actor: 't' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(stubCount()).toBe(1);
    expect(await directory.readAudit(BY_ROOT, {})).toEqual({ entries: [] });
  });

  it('passes a refusal on unchanged, and undefined as undefined', async () => {
    const { directory } = beginDirectory();
    await expect(directory.readAudit(by({ scope: 'read', ns: '*' }), {})).rejects.toMatchObject({
      name: 'RegistryError',
      code: 'FORBIDDEN',
      message: expect.stringContaining('admin'),
    });
    expect(await directory.findNamespace('gone')).toBeNull();
    expect(await directory.endAudit(1, {})).toBeUndefined();
  });
});
