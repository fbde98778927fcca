import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../../test/fixtures/definition';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SocketClient } from '../../../../test/fixtures/socket-client';
import { ALL_GRANTS } from '../../../../test/fixtures/socket-purpose';
import { settle } from '../../../../test/simulation/virtual-time';
import type { Operation } from '../../../model/batch';
import { RegistryError } from '../../../model/errors';
import type { Caller, NamespaceApi } from '../../../model/namespace-api';
import { Override } from '../../../model/override';
import { withPower } from './operator-power';

const BY: Caller = { ...OPERATOR, address: '192.0.2.1' };
const NO_CONDITION = {};
const command = { key: key('a'), precondition: NO_CONDITION };
const service = { ...ORDERS, precondition: NO_CONDITION };
const WEIGHT = Override.parse({ weight: 2 });
const QUARANTINE = Override.parse({ quarantine: { reason: 'answers 500' } });
const THRESHOLD = { metadata: {}, protectThreshold: 1 };
const SERVICE = 'DEFAULT_GROUP@@orders';

const attempts: Record<string, (api: NamespaceApi, by: Caller) => Promise<unknown>> = {
  'register over': (api, by) => api.register(by, { ...command, definition: definition({ weight: 7 }) }),
  patch: (api, by) => api.patch(by, { ...command, patch: { weight: 7 } }),
  deregister: (api, by) => api.deregister(by, command),
  drain: (api, by) => api.drain(by, { key: key('a'), waitMs: 0, graceMs: 0 }),
  override: (api, by) => api.putOverride(by, { ...command, override: WEIGHT }),
  quarantine: (api, by) => api.putOverride(by, { ...command, override: QUARANTINE }),
  clear: (api, by) => api.clearOverride(by, command),
  'put the service': (api, by) => api.putService(by, { ...service, definition: THRESHOLD }),
  'patch the service': (api, by) => api.patchService(by, { ...service, patch: { protectThreshold: 1 } }),
  'remove the service': (api, by) => api.removeService(by, { ...service, force: true }),
  batch: (api, by) => api.batch(by, [{ op: 'deregister', ...command }]),
};

/** What each is written down as: action, target, and detail. */
const NOTED: [keyof typeof attempts, string, string, string?][] = [
  ['register over', 'changed', `${SERVICE}/a`],
  ['patch', 'changed', `${SERVICE}/a`],
  ['deregister', 'deregistered', `${SERVICE}/a`],
  ['drain', 'drained', `${SERVICE}/a`],
  ['override', 'overridden', `${SERVICE}/a`],
  ['quarantine', 'quarantined', `${SERVICE}/a`, 'answers 500'],
  ['clear', 'override-cleared', `${SERVICE}/a`],
  ['put the service', 'service-changed', SERVICE],
  ['patch the service', 'service-changed', SERVICE],
  ['remove the service', 'service-deleted', SERVICE, 'force'],
  ['batch', 'deregistered', `${SERVICE}/a`, 'batch of 1: 1 deregistered'],
];

/** What the owner of the instance does to it. */
const OWN = ['register over', 'patch', 'drain', 'deregister', 'batch'] as const;

async function begin(owner: Caller = OWNER) {
  const namespace = new NodeNamespace();
  await namespace.api.register(owner, { ...command, definition: definition() });
  const { audit } = namespace.platform;
  const standing = async () => (await namespace.api.stats()).cursor;
  return { namespace, api: namespace.api, audit, standing };
}

describe('the power of an operator', () => {
  describe.each(NOTED)('to %s', (name, action, target, detail) => {
    const attempt = (api: NamespaceApi, by: Caller) => attempts[name]?.(api, by) ?? Promise.reject(new Error(name));

    it('[A46] is written down before it is used, and how that ended after', async () => {
      const { api, audit, standing } = await begin();
      if (name === 'clear') await api.putOverride({ ...OPERATOR, tokenId: 'other' }, { ...command, override: WEIGHT });
      audit.forget();
      const before = await standing();
      const gate = Promise.withResolvers<void>();
      audit.gate = gate.promise;
      const done = attempt(api, BY);
      await settle();
      const note = { action, actor: 'operator', address: '192.0.2.1', target, detail };
      expect(audit.notes).toEqual([{ ...note, outcome: 'begun' }]);
      expect(await standing()).toBe(before);
      gate.resolve();
      await done;
      expect(audit.notes).toEqual([{ ...note, outcome: 'done' }]);
    });

    it('[A46] is not used where it can not be written down', async () => {
      const { api, audit, standing } = await begin();
      const before = await standing();
      audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
      await expect(attempt(api, BY)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await standing()).toBe(before);
    });

    it('[A46] is not what anybody has who does not operate the service: that is refused, and not written down', async () => {
      const { api, audit, standing } = await begin();
      const before = await standing();
      audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
      for (const by of [STRANGER, { tokenId: 'other', operates: ['users*'] }]) {
        await expect(attempt(api, by)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      }
      expect([audit.notes, await standing()]).toEqual([[], before]);
    });
  });

  it.each(OWN)('[A46] is not what owners need to %s: they wait for no audit trail', async (name) => {
    for (const owner of [OWNER, BY]) {
      const { api, audit } = await begin(owner);
      audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
      await attempts[name]?.(api, owner);
      expect(audit.notes).toEqual([]);
    }
  });

  it('[A46] renews leases without a word', async () => {
    const { api, audit } = await begin();
    audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
    await api.renew(BY, key('a'));
    await api.renewMany(BY, [key('a')]);
    expect(audit.notes).toEqual([]);
  });

  it('[A56] leaves no entry where it is refused', async () => {
    const { api, audit } = await begin();
    const missing = { ...command, key: key('b'), override: WEIGHT };
    await expect(api.putOverride(BY, missing)).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    expect(audit.notes).toEqual([]);
  });

  it.each(['register over', 'patch', 'drain', 'override', 'clear', 'put the service', 'remove the service'])(
    '[A56] leaves no second entry where it is used for nothing: to %s again',
    async (name) => {
      const { api, audit } = await begin();
      const again = () =>
        name === 'drain'
          ? api.drain(BY, { key: key('a'), waitMs: 0, graceMs: 60_000 })
          : (attempts[name]?.(api, BY) ?? Promise.reject(new Error(name)));
      if (name === 'clear') await api.putOverride(BY, { ...command, override: WEIGHT });
      await again();
      const { length } = audit.notes;
      await again();
      await settle();
      expect(audit.notes).toHaveLength(length);
    },
  );

  it('[A46] is written down once for a batch: the gravest operation, and how many of each', async () => {
    const { api, audit } = await begin();
    await api.register(OWNER, { ...command, key: key('b'), definition: definition() });
    const operations: Operation[] = [
      { op: 'register', ...command, key: key('new'), definition: definition() },
      { op: 'update', ...command, patch: { weight: 2 } },
      { op: 'override', ...command, override: WEIGHT },
      { op: 'override', ...command, key: key('b'), override: QUARANTINE },
      { op: 'override', ...command, override: QUARANTINE },
      { op: 'deregister', ...command, key: key('b') },
    ];
    await api.batch(BY, operations);
    expect(audit.notes).toEqual([
      {
        action: 'quarantined',
        actor: 'operator',
        address: '192.0.2.1',
        target: `${SERVICE}/b`,
        detail: 'batch of 6: 2 quarantined, 1 deregistered, 1 overridden, 1 changed',
        outcome: 'done',
      },
    ]);
  });

  it('[A46] is there only once it is accounted for, though an instance became another’s meanwhile', async () => {
    const { namespace, audit } = await begin();
    let isForeign = false;
    const deed = () => (isForeign ? ({ action: 'changed', key: key('a') } as const) : undefined);
    const seen: unknown[] = [];
    const act = async (by: Caller) => {
      seen.push([by.operates, audit.notes.length]);
      isForeign = true;
      if (by.operates === false) throw new RegistryError('FORBIDDEN', 'it is another’s');
      return 'done';
    };
    expect(await withPower(namespace.state, BY, deed, act)).toBe('done');
    expect(seen).toEqual([
      [false, 0],
      [true, 1],
    ]);
  });

  it('[A46] of a socket comes before what the socket says after it', async () => {
    const { namespace, audit } = await begin();
    const client = new SocketClient(namespace, { caller: BY, grants: ALL_GRANTS });
    const gate = Promise.withResolvers<void>();
    audit.gate = gate.promise;
    const operation = { service: 'orders', id: 'a' };
    const register = { ...operation, op: 'register', address: '10.0.0.1', port: 80 };
    await client.say({ type: 'batch', id: '1', operations: [{ ...operation, op: 'deregister' }] });
    await client.say({ type: 'batch', id: '2', operations: [register] });
    await client.say({ type: 'batch', id: '3', operations: [{ ...register, weight: 3 }] });
    expect([client.take(), audit.notes.length]).toEqual([[], 1]);
    gate.resolve();
    await settle();
    expect(client.take()).toMatchObject([
      { id: '1', body: { results: [{ outcome: 'removed' }] } },
      { id: '2', body: { results: [{ outcome: 'created' }] } },
      { id: '3', body: { results: [{ outcome: 'changed' }] } },
    ]);
    expect(audit.notes).toMatchObject([{ action: 'deregistered', address: '192.0.2.1', outcome: 'done' }]);
  });

  it('[A46] of a socket is not used where it can not be written down', async () => {
    const { namespace, audit, standing } = await begin();
    const before = await standing();
    audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
    const client = new SocketClient(namespace, { caller: BY, grants: ALL_GRANTS });
    const override = { op: 'override', service: 'orders', id: 'a', weight: 2 };
    await client.say({ type: 'batch', id: '1', operations: [override] });
    expect(client.take()).toMatchObject([{ type: 'error', id: '1', code: 'UNAVAILABLE' }]);
    expect(await standing()).toBe(before);
  });

  it('[A46, I8] costs the namespace no row', async () => {
    const { namespace, api } = await begin();
    namespace.platform.storage.takeWritten();
    await api.putOverride(BY, { ...command, override: WEIGHT });
    const rows = Object.values(namespace.platform.storage.takeWritten()).reduce((sum, count) => sum + count, 0);
    expect(rows).toBe(2);
  });
});
