import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { BY_ROOT, by } from '../../../test/contracts/directory/lent-directory';
import { remoteDirectory } from './remote-directory';

let objects = 0;

/** A directory in an object of its own, whose first calls fail on their way with these faults. */
function begin(...faults: unknown[]) {
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
  it('[S4] repeats a read whose failure is passing', async () => {
    const { directory, stubCount } = begin(passing());
    expect(await directory.findNamespace('public')).toEqual({});
    expect(stubCount()).toBe(2);
  });

  it('[I10] says that it can not be reached where a read fails again', async () => {
    const { directory } = begin(passing(), passing(), passing());
    await expect(directory.verify('a', 'b')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[S4] never repeats a change, as it may have happened', async () => {
    const { directory, stubCount } = begin(passing());
    await expect(directory.beginAudit({ action: 'changed', actor: 't' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(stubCount()).toBe(1);
    expect(await directory.readAudit(BY_ROOT, {})).toEqual({ entries: [] });
  });

  it('gives a refusal as it was made, and what is nothing as nothing', async () => {
    const { directory } = begin();
    await expect(directory.readAudit(by({ scope: 'read', ns: '*' }), {})).rejects.toMatchObject({
      name: 'RegistryError',
      code: 'FORBIDDEN',
      message: expect.stringContaining('admin'),
    });
    expect(await directory.findNamespace('gone')).toBeNull();
    expect(await directory.endAudit(1, {})).toBeUndefined();
  });
});
