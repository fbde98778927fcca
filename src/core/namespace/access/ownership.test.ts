import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { definition, key } from '../../../../test/fixtures/definition';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import type { Operation } from '../../../model/batch';
import type { Caller } from '../../../model/namespace-api';
import { Override } from '../../../model/override';
import { operatesOn } from './ownership';

const FORBIDDEN = expect.objectContaining({ code: 'FORBIDDEN' });
const command = { key: key('a'), precondition: {} };
const SERVICE = { ...key('a'), precondition: {} };
const THRESHOLD = { metadata: {}, protectThreshold: 1 };
const WEIGHT = Override.parse({ weight: 2 });

/** Every operation on an existing instance, by name. */
const ATTEMPTS: [string, (namespace: NodeNamespace, caller: Caller) => Promise<unknown>][] = [
  ['replace', ({ api }, caller) => api.register(caller, { ...command, definition: definition({ weight: 7 }) })],
  ['register again', ({ api }, caller) => api.register(caller, { ...command, definition: definition() })],
  ['patch', ({ api }, caller) => api.patch(caller, { ...command, patch: { weight: 7 } })],
  ['deregister', ({ api }, caller) => api.deregister(caller, command)],
  ['renew', ({ api }, caller) => api.renew(caller, key('a'))],
  ['renew among others', ({ api }, caller) => api.renewMany(caller, [key('none'), key('a')])],
  ['drain', ({ api }, caller) => api.drain(caller, { key: key('a'), waitMs: 0, graceMs: 0 })],
  ['replace in a batch', batch({ op: 'register', ...command, definition: definition({ weight: 7 }) })],
  ['patch in a batch', batch({ op: 'update', ...command, patch: { weight: 7 } })],
  ['deregister in a batch', batch({ op: 'deregister', ...command })],
];

/** Operations of operators on the instance. */
const OPERATIONS: [string, (namespace: NodeNamespace, caller: Caller) => Promise<unknown>][] = [
  ['override', ({ api }, caller) => api.putOverride(caller, { ...command, override: WEIGHT })],
  ['override in a batch', batch({ op: 'override', ...command, override: WEIGHT })],
  ['clear an override', ({ api }, caller) => api.clearOverride(caller, command)],
  ['put the service', ({ api }, caller) => api.putService(caller, { ...SERVICE, definition: THRESHOLD })],
  ['patch the service', ({ api }, caller) => api.patchService(caller, { ...SERVICE, patch: { protectThreshold: 1 } })],
  ['remove the service', ({ api }, caller) => api.removeService(caller, { ...SERVICE, force: true })],
];

/** With an earlier operation that any token may do, and that must not be applied either. */
function batch(operation: Operation) {
  const first: Operation = { op: 'register', key: key('new'), precondition: {}, definition: definition() };
  return ({ api }: NodeNamespace, caller: Caller) => api.batch(caller, [first, operation]);
}

/** A namespace in which the owner has registered `a`, ten seconds ago. */
async function begin(): Promise<NodeNamespace> {
  const namespace = new NodeNamespace();
  await namespace.api.register(OWNER, { ...command, definition: definition() });
  await namespace.pass(10_000);
  return namespace;
}

/** Returns the revision of the namespace. */
const standing = async ({ api }: NodeNamespace) => (await api.stats()).cursor;

describe('ownership', () => {
  describe.each(ATTEMPTS)('to %s', (_name, attempt) => {
    it('[A41] is refused to a token that did not register the instance, and changes nothing', async () => {
      const namespace = await begin();
      const before = await standing(namespace);
      await expect(attempt(namespace, STRANGER)).rejects.toEqual(FORBIDDEN);
      await expect(attempt(namespace, { ...STRANGER, operates: ['DEFAULT_GROUP@@carts*'] })).rejects.toEqual(FORBIDDEN);
      expect(await standing(namespace)).toBe(before);
      // It has not been renewed either: it is removed at the original time.
      await namespace.pass(21_000);
      expect(JSON.parse((await namespace.api.resolve(key(''))).body ?? '')).toMatchObject({ instances: [] });
    });

    it.each([OWNER, OPERATOR, { ...STRANGER, operates: ['DEFAULT_GROUP@@orders*'] }])(
      '[A41] is allowed for $tokenId',
      async (caller) => {
        await attempt(await begin(), caller);
      },
    );
  });

  describe.each(OPERATIONS)('to %s', (_name, attempt) => {
    it('[A42] is refused to the owner, and allowed for operators of the service', async () => {
      const namespace = await begin();
      const before = await standing(namespace);
      await expect(attempt(namespace, OWNER)).rejects.toEqual(FORBIDDEN);
      expect(await standing(namespace)).toBe(before);
      await attempt(namespace, { ...STRANGER, operates: ['DEFAULT_GROUP@@orders'] });
    });
  });

  it('[A41] stays with the first token that registered, even if an operator registers over it', async () => {
    const namespace = await begin();
    await namespace.api.register(OPERATOR, { ...command, definition: definition({ weight: 7 }) });
    await namespace.restart();
    await expect(namespace.api.renew(STRANGER, key('a'))).rejects.toEqual(FORBIDDEN);
    await namespace.api.renew(OWNER, key('a'));
  });

  it('[A41] is not taken from the instance’s own data', async () => {
    const { api } = new NodeNamespace();
    const forged = { x: { y: {}, owner: 'stranger', createdRevision: 1 } };
    await api.register(OWNER, { ...command, definition: definition({ extensions: forged }) });
    await expect(api.renew(STRANGER, key('a'))).rejects.toEqual(FORBIDDEN);
    await api.renew(OWNER, key('a'));
  });
});

it('[A41] operatesOn accepts everything, nothing, or names that match a pattern', () => {
  const orders = { group: 'g', service: 'orders' };
  const operated = [true, false, undefined, [], ['g@@o*'], ['h@@*', 'g@@orders'], ['h@@*']];
  expect(operated.map((operates) => operatesOn({ tokenId: 't', operates }, orders))).toEqual([
    true,
    false,
    false,
    false,
    true,
    true,
    false,
  ]);
});
