import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR, OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../../test/fixtures/definition';
import { HandPlatform } from '../../../../test/fixtures/hand-platform';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SocketClient } from '../../../../test/fixtures/socket-client';
import { ALL_GRANTS } from '../../../../test/fixtures/socket-purpose';
import { settle } from '../../../../test/simulation/virtual-time';
import type { Operation } from '../../../model/batch';
import { RegistryError } from '../../../model/errors';
import { LogGate } from '../../../model/log';
import type { Caller, NamespaceApi } from '../../../model/namespace-api';
import { Override } from '../../../model/override';
import { batchAction, overrideAction, withAuditEntry, withOperatorAudit } from './operator-audit';

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

/** Audit entry of each attempt: action, target, and detail. */
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

/** Attempts by the owner of the instance. */
const OWN = ['register over', 'patch', 'drain', 'deregister', 'batch'] as const;

const attempt = (name: keyof typeof attempts, api: NamespaceApi, by: Caller) =>
  attempts[name]?.(api, by) ?? Promise.reject(new Error(name));

async function begin(owner: Caller = OWNER) {
  const namespace = new NodeNamespace();
  await namespace.api.register(owner, { ...command, definition: definition() });
  const { audit } = namespace.platform;
  const standing = async () => (await namespace.api.stats()).cursor;
  return { namespace, api: namespace.api, audit, standing };
}

describe('an operator’s privilege', () => {
  it('[A46] is audited before its use, with the outcome afterwards', async () => {
    for (const [name, action, target, detail] of NOTED) {
      const { api, audit, standing } = await begin();
      if (name === 'clear') await api.putOverride({ ...OPERATOR, tokenId: 'other' }, { ...command, override: WEIGHT });
      audit.forget();
      const before = await standing();
      const gate = Promise.withResolvers<void>();
      audit.gate = gate.promise;
      const done = attempt(name, api, BY);
      await settle();
      const note = { action, actor: 'operator', address: '192.0.2.1', target, detail };
      expect(audit.notes, name).toEqual([{ ...note, outcome: 'begun' }]);
      expect(await standing(), name).toBe(before);
      gate.resolve();
      await done;
      expect(audit.notes, name).toEqual([{ ...note, outcome: 'done' }]);
    }
  });

  it('[A46] is not used if it can’t be audited', async () => {
    for (const [name] of NOTED) {
      const { api, audit, standing } = await begin();
      const before = await standing();
      audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
      await expect(attempt(name, api, BY), name).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await standing(), name).toBe(before);
    }
  });

  it('[A46] is not granted to a caller who doesn’t operate the service, who is refused without an audit entry', async () => {
    for (const [name] of NOTED) {
      const { api, audit, standing } = await begin();
      const before = await standing();
      audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
      for (const by of [STRANGER, { tokenId: 'other', operates: ['users*'] }]) {
        await expect(attempt(name, api, by), name).rejects.toMatchObject({ code: 'FORBIDDEN' });
      }
      expect([audit.notes, await standing()], name).toEqual([[], before]);
    }
  });

  it('[A46] is not needed by owners, who don’t wait for the audit trail', async () => {
    for (const [name, owner] of OWN.flatMap((each) => [[each, OWNER] as const, [each, BY] as const])) {
      const { api, audit } = await begin(owner);
      audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
      await attempts[name]?.(api, owner);
      expect(audit.notes, name).toEqual([]);
    }
  });

  it('[A46] renews leases without an audit entry', async () => {
    const { api, audit } = await begin();
    audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
    await api.renew(BY, key('a'));
    await api.renewMany(BY, [key('a')]);
    expect(audit.notes).toEqual([]);
  });

  it('[A46, GL5] revokes the granted lease of another token with an audit entry, and renews it without one', async () => {
    const { api, audit, namespace, standing } = await begin();
    const [owned, operators] = [new LeaseCalls(api), new LeaseCalls(api, BY)];
    const [own, { id }] = [await operators.grant(), await owned.grant()];
    await owned.put('a', '', id);
    const before = await standing();
    audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
    await operators.renew(id);
    await operators.revoke(own.id);
    await expect(new LeaseCalls(api, STRANGER).revoke(id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(operators.revoke(id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([await standing(), audit.notes]).toEqual([before, []]);
    audit.failure = undefined;
    await operators.revoke(id);
    const detail = 'of owner, entries: 1, instances: 0';
    const note = { action: 'lease-revoked', actor: 'operator', address: '192.0.2.1', target: id, detail };
    expect(audit.notes).toEqual([{ ...note, outcome: 'done' }]);
    await expect(operators.revoke(id)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    expect(audit.notes).toHaveLength(1);
    expect(namespace.state.granted.size).toBe(0);
  });

  it('[A56] leaves no entry if it is refused', async () => {
    const { api, audit } = await begin();
    const missing = { ...command, key: key('b'), override: WEIGHT };
    await expect(api.putOverride(BY, missing)).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    expect(audit.notes).toEqual([]);
  });

  it('[A56] leaves no second entry for a repetition without effect', async () => {
    for (const name of [
      'register over',
      'patch',
      'drain',
      'override',
      'clear',
      'put the service',
      'remove the service',
    ]) {
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
      expect(audit.notes, name).toHaveLength(length);
    }
  });

  it('[A46] is audited once for a batch, as its gravest operation, with the number of each', async () => {
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

  it('[A46] is available only once it is audited, even if the owner of the instance changed meanwhile', async () => {
    const { namespace, audit } = await begin();
    let isForeign = false;
    const audited = () => (isForeign ? ({ action: 'changed', key: key('a') } as const) : undefined);
    const seen: unknown[] = [];
    const act = async (by: Caller) => {
      seen.push([by.operates, audit.notes.length]);
      isForeign = true;
      if (by.operates === false) throw new RegistryError('FORBIDDEN', 'another token owns it');
      return 'done';
    };
    expect(await withOperatorAudit(namespace.state, BY, { audited, act })).toBe('done');
    expect(seen).toEqual([
      [false, 0],
      [true, 1],
    ]);
  });

  it('[A46] on a socket is audited before later frames of the socket are handled', async () => {
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

  it('[A46] on a socket is not used if it can’t be audited', async () => {
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

const note = { action: 'rolled-back', actor: 'operator', target: 'g@@orders' } as const;

function beginAudit() {
  const platform = new HandPlatform();
  const { audit } = platform;
  return { platform, audit, state: { platform, pipeline: { assertStorable: () => {} }, refusals: new LogGate(2) } };
}

describe('withAuditEntry', () => {
  it('[J9] writes an entry before the action, and its outcome after', async () => {
    const { audit, state } = beginAudit();
    const outcome = await withAuditEntry(state, note, async (changed) => {
      changed();
      return audit.notes.map((each) => each.outcome);
    });
    expect(outcome).toEqual(['begun']);
    expect(audit.notes).toEqual([{ ...note, outcome: 'done' }]);
  });

  it('[A56] leaves no entry of an action that changed nothing', async () => {
    const { audit, state } = beginAudit();
    expect(await withAuditEntry(state, note, async () => audit.notes.length)).toBe(1);
    expect(audit.notes).toEqual([]);
  });

  it('does nothing if the entry can’t be written', async () => {
    const { audit, state } = beginAudit();
    audit.failure = new Error('no directory');
    let done = false;
    const act = async () => {
      done = true;
    };
    await expect(withAuditEntry(state, note, act)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('was not carried out'),
      cause: audit.failure,
    });
    expect(done).toBe(false);
  });

  it('[A56] keeps the entry if the outcome is unknown', async () => {
    for (const [error, notes] of [
      [new RegistryError('CONFLICT', 'no'), []],
      [new RegistryError('UNAVAILABLE', 'who knows'), [{ ...note, outcome: 'begun' }]],
      [new RegistryError('INTERNAL', 'who knows'), [{ ...note, outcome: 'begun' }]],
      [new Error('a fault'), [{ ...note, outcome: 'begun' }]],
    ] as const) {
      const { audit, state } = beginAudit();
      await expect(
        withAuditEntry(state, note, () => Promise.reject(error)),
        String(error),
      ).rejects.toBe(error);
      expect(audit.notes, String(error)).toEqual(notes);
    }
  });

  it('[A56] keeps the entry of an action that changed something before it was refused', async () => {
    const { audit, state } = beginAudit();
    const act = async (changed: () => void) => {
      changed();
      throw new RegistryError('LIMIT_EXCEEDED', 'the second step was one call too many');
    };
    await expect(withAuditEntry(state, note, act)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(audit.notes).toEqual([{ ...note, outcome: 'done' }]);
  });

  it('[A56] logs a refusal with its code, at a limited rate', async () => {
    const { platform, state } = beginAudit();
    const act = () => Promise.reject(new RegistryError('CONFLICT', 'no'));
    for (let count = 0; count < 4; count++) await withAuditEntry(state, note, act).catch(() => {});
    platform.jump(1_000);
    await withAuditEntry(state, note, act).catch(() => {});
    const line = { level: 'warn', message: 'an operator action was refused' };
    expect(platform.logs).toMatchObject([
      line,
      { ...line, facts: { ...note, code: 'CONFLICT' } },
      { ...line, facts: { leftOut: 2 } },
    ]);
  });
});

/** The audited action of a batch where `a` and `b` have another owner. */
function actionOf(caller: Caller, ...operations: Operation[]) {
  const awake = new AwakeNamespace();
  awake.put('a b');
  return batchAction(awake.state.catalog, caller, operations);
}

const deregister = (id: string): Operation => ({ op: 'deregister', key: key(id), precondition: {} });
const override = (id: string): Operation => ({
  op: 'override',
  key: key(id),
  precondition: {},
  override: { weight: 2 },
});
const register = (id: string): Operation => {
  return { op: 'register', key: key(id), precondition: {}, definition: definition() };
};

it('[A46] a batch that changes only the token’s own instances needs no operator', () => {
  expect(actionOf(OPERATOR, register('new'), deregister('none'))).toBeUndefined();
});

it('[A46] a batch is audited as its gravest operation, and counts the others', () => {
  const action = actionOf(OPERATOR, register('new'), register('b'), override('b'), deregister('a'), deregister('b'));
  const detail = 'batch of 5: 2 deregistered, 1 overridden, 1 changed';
  expect(action).toEqual({ action: 'deregistered', key: key('a'), detail });
});

it('[A46] a change by a caller who isn’t an operator is not audited', () => {
  expect(actionOf(STRANGER, deregister('a'))).toBeUndefined();
  expect(
    actionOf({ tokenId: 't', operates: ['DEFAULT_GROUP@@users'] }, deregister('a'), override('a')),
  ).toBeUndefined();
});

it('[A46] a quarantine is audited under its own name', () => {
  expect([overrideAction({ quarantine: {} }), overrideAction({})]).toEqual(['quarantined', 'overridden']);
});
