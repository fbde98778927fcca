import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OWNER } from '../../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { readJournal } from '../../../../test/simulation/journal-rows';
import { settle } from '../../../../test/simulation/virtual-time';
import { JOURNAL_MAX_AGE_MS, RECORDS_PER_NAMESPACE_MAX_BYTES } from '../../../model/limits';
import { encodeInstance } from '../records/records';
import { renew, scheduleCompaction } from './commit';
import type { Draft } from './draft';
import { DEFAULT_RETENTION } from './journal';

const SERVICE = { definition: { metadata: {}, protectThreshold: 0.5 }, createdRevision: 1 };
const OVERRIDE = { override: { weight: 2 }, actor: 'operator', updatedAt: START };

describe('commit', () => {
  it('[C1, J1] makes all changes one revision, with each record before and after', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { weight: 1 });
    awake.commit((draft) => {
      draft.putInstance(key('a'), instanceRecord({ weight: 2 }), 'updated', false);
      draft.putInstance(key('b'), instanceRecord(), 'registered', true);
      draft.putService(ORDERS, SERVICE, 'registered');
    }, 'operator-1');
    const [, revision] = await awake.journal();
    expect(revision).toMatchObject({ revision: 2, cause: 'updated', actor: 'operator-1', at: START });
    const before = encodeInstance(instanceRecord({ weight: 1 }));
    expect(revision?.changes).toMatchObject([
      { kind: 'instance', id: 'a', cause: 'updated', before, previous: 1, servicePrevious: 1 },
      {
        kind: 'instance',
        id: 'b',
        before: null,
        after: encodeInstance(instanceRecord()),
        previous: 0,
        servicePrevious: 1,
      },
      { kind: 'service', id: '', before: null, previous: 0, servicePrevious: 1 },
    ]);
    expect(awake.state.counters.commits).toBe(2);
  });

  it('[J1] chains the entries of each record and its service, across removals too', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.put('b');
    awake.remove('a');
    await settle();
    awake.put('a');
    awake.remove('a');
    awake.put('a');
    const chain = (await awake.journal()).map(({ changes: [change] }) => [
      change?.id,
      change?.previous,
      change?.servicePrevious,
    ]);
    expect(chain).toEqual([
      ['a', 0, 0],
      ['b', 0, 1],
      ['a', 1, 2],
      ['a', 3, 3],
      ['a', 4, 4],
      ['a', 5, 5],
    ]);
  });

  it('[R2] makes no revision of a draft without changes, but renews', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(5_000);
    awake.commit((draft) => {
      const entry = draft.untouched(key('a'));
      if (entry !== undefined) draft.renew(entry);
      draft.removeInstance(key('unknown'), 'deregistered');
    });
    expect(awake.state.journal.revision).toBe(1);
    expect(awake.state.leases.renewedAt(0)).toBe(START + 5_000);
  });

  it('[I8] writes a row for each record and one for the journal, whatever the change', async () => {
    const awake = new AwakeNamespace();
    const written = async (work: (draft: Draft) => void) => {
      await settle();
      awake.platform.storage.takeWritten();
      awake.commit(work);
      await settle();
      return awake.platform.storage.takeWritten();
    };
    const one = { 'insert record': 1, 'insert journal': 1 };
    const put = (id: string) => (draft: Draft) => draft.putInstance(key(id), instanceRecord(), 'registered', true);
    expect(await written(put('a')), 'register').toEqual(one);
    expect(await written(put('a')), 'replace').toEqual(one);
    expect(await written((draft) => draft.putOverride(key('a'), OVERRIDE, 'overridden')), 'override').toEqual(one);
    expect(await written((draft) => draft.putOverride(key('a'), null, 'overridden')), 'clear').toEqual(one);
    expect(await written((draft) => draft.putService(ORDERS, SERVICE, 'registered')), 'service').toEqual(one);
    expect(await written((draft) => draft.removeInstance(key('a'), 'expired')), 'remove').toEqual(one);
    const ten = await written((draft) => {
      for (let index = 0; index < 10; index++) put(`i-${index}`)(draft);
    });
    expect(ten).toEqual({ 'insert record': 10, 'insert journal': 1 });
    expect(await written(() => {})).toEqual({});
  });

  it('[C2] shares a transaction with others, each under its own revision', async () => {
    const awake = new AwakeNamespace();
    await settle();
    const before = awake.platform.storage.transactions;
    awake.put('a b c');
    expect((await awake.journal()).map(({ revision }) => revision)).toEqual([1, 2, 3]);
    expect(awake.platform.storage.transactions).toBe(before + 1);
  });

  it('[R15, C5] refuses a draft that doesn’t fit, and changes nothing', () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    const { catalog, journal, leases } = awake.state;
    const users = catalog.serviceFor({ ...ORDERS, service: 'users' });
    catalog.putInstance(users, 'large', 'x'.repeat(RECORDS_PER_NAMESPACE_MAX_BYTES - catalog.size - 10), 1, 0);
    awake.platform.jump(1_000);
    const grow = () =>
      awake.commit((draft) => {
        const entry = draft.untouched(key('b'));
        if (entry !== undefined) draft.renew(entry);
        draft.putInstance(key('a'), instanceRecord({ metadata: { more: 'x' } }), 'updated', false);
      });
    expect(grow).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    expect(journal.revision).toBe(2);
    expect(leases.renewedAt(1)).toBe(START);
    awake.commit((draft) => draft.putInstance(key('a'), instanceRecord({}, { healthy: false }), 'unhealthy', false));
    expect(journal.revision).toBe(3);
    awake.commit((draft) => draft.removeInstance(key('a'), 'deregistered'));
    awake.commit((draft) => draft.putInstance(key('a'), instanceRecord(), 'registered', true));
    expect(journal.revision).toBe(5);
  });

  it('[I3] is visible in memory at once, and durable with its group', async () => {
    const awake = new AwakeNamespace();
    await settle();
    awake.platform.storage.hold();
    awake.put('a');
    await settle();
    awake.put('b');
    await settle();
    expect(awake.ids()).toEqual(['a', 'b']);
    expect(readJournal(awake.platform.storage, 0, 9)).toHaveLength(1);
    awake.platform.storage.release();
    expect(await awake.journal()).toHaveLength(2);
  });
});

describe('renew', () => {
  it('[L4, I8] updates the lease and opens a checkpoint, and writes nothing else', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    await settle();
    awake.platform.storage.takeWritten();
    for (const id of ['a', 'b', 'a']) {
      const entry = awake.state.catalog.instance(key(id));
      if (entry !== undefined) renew(awake.state, entry, START + 7);
    }
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({ 'insert checkpoint': 1 });
    expect(awake.state.leases.renewedAt(0)).toBe(START + 7);
    expect(awake.state.counters.renewals).toBe(3);
  });

  it('[L15, I8] stores the renewal of a lease that was asked once, before the response', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    const [asked, heard] = ['a', 'b'].map((id) => awake.state.catalog.instance(key(id)));
    if (asked === undefined || heard === undefined) throw new Error('nothing is registered');
    renew(awake.state, heard, START + 20_000);
    awake.state.leases.lapsed(START + 29_250, 9);
    await settle();
    awake.platform.storage.takeWritten();
    awake.platform.jump(29_300);
    renew(awake.state, asked, awake.state.time.now());
    expect(awake.state.pipeline.settled()).toBeDefined();
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({ 'update record': 1 });
    for (const entry of [asked, heard]) renew(awake.state, entry, awake.state.time.now());
    expect(awake.state.pipeline.settled()).toBeUndefined();
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({});
  });

  it('[I3, L7] keeps the renewal of a lease that was asked through a crash right after the response', async () => {
    const namespace = new NodeNamespace();
    const { storage } = namespace.platform;
    await namespace.api.register(OWNER, { key: key('a'), definition: definition(), precondition: {} });
    await namespace.pass(29_300);
    expect(namespace.state.leases.isAsked(0)).toBe(true);
    storage.hold();
    let isAnswered = false;
    const answer = namespace.api.renew(OWNER, key('a')).then(() => {
      isAnswered = true;
    });
    await settle();
    expect(isAnswered).toBe(false);
    storage.release();
    await answer;
    await namespace.restart();
    const { leases } = namespace.state;
    expect(leases.renewedAt(0)).toBe(START + 29_300);
    expect(leases.isAsked(0)).toBe(false);
  });

  it('skips records without a lease, and removed ones', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    awake.put('b');
    const entries = ['a', 'b'].map((id) => awake.state.catalog.instance(key(id)));
    awake.remove('b');
    for (const entry of entries) if (entry !== undefined) renew(awake.state, entry, START + 7);
    expect(awake.state.counters.renewals).toBe(0);
    expect(awake.state.checkpoints.isOpen).toBe(false);
  });
});

describe('scheduleCompaction', () => {
  it('[J3] is due when the oldest revision is too old', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    expect(awake.state.agenda.earliestDeadline).toBe(Number.POSITIVE_INFINITY);
    awake.put('b', { ephemeral: false });
    expect(awake.state.agenda.earliestDeadline).toBe(START + JOURNAL_MAX_AGE_MS * 1.01);
  });

  it('[J3] is due now if far too much is retained', () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxBytes: 100 });
    awake.put('a b', { ephemeral: false });
    scheduleCompaction(awake.state, START + 5);
    expect(awake.state.agenda.take(START + 5, 1)).toEqual([{ kind: 'compaction' }]);
  });
});
