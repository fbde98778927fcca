import { describe, expect, it } from 'vitest';
import { OWNER, STRANGER } from '../../../../test/fixtures/callers';
import { key } from '../../../../test/fixtures/definition';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import type { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { utf8Bytes } from '../../../model/bytes';
import { intervalOf } from '../../../model/key-interval';
import { LEASE_END_SLICE_MAX_BYTES, LEASE_END_SLICE_MAX_COUNT } from '../../../model/limits';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';
import { endGranted } from './granting';
import { continueEnds } from './slow-end';

const COUNT = 3 * LEASE_END_SLICE_MAX_COUNT + 7;

const nameOf = (index: number) => `k${String(index).padStart(5, '0')}`;

function begin() {
  const stage = new WatchStage();
  const { namespace, scene } = stage;
  const calls = () => ({ entries: new EntryCalls(namespace.api), leases: new LeaseCalls(namespace.api) });
  /** Restarts the namespace, and returns calls to it. */
  const restart = async () => {
    await namespace.restart();
    return calls();
  };
  return { stage, scene, namespace, restart, ...calls() };
}

/** Puts entries that a lease holds, in one revision. */
function putMany({ state }: NodeNamespace, lease: string, count = COUNT): void {
  const draft = new Draft(state, state.time.now());
  for (let index = 0; index < count; index++) {
    const value = utf8Bytes(`value ${index}`);
    draft.entries.put(nameOf(index), { value, lease: Number(lease), facts: { actor: 'owner' } }, 'put');
  }
  commit(state, draft, OWNER.tokenId);
}

describe('a lease that holds much', () => {
  it('[GL7, GL2] ends in one revision, with other commands between its slices', async () => {
    const { namespace, scene, entries, leases } = begin();
    const { id } = await leases.grant({ alias: '5' });
    putMany(namespace, id);
    await scene.register('i', { lease: { id } });
    await entries.put('other', 'stays');
    const revoked = leases.revoke(id);
    const revisions: number[] = [];
    let isOver = false;
    void revoked.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await entries.put('other', `${revisions.length}`);
      revisions.push(namespace.state.journal.revision);
      if (isOver) break;
      await expect(leases.put('new', '', id)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
      await expect(leases.renew('5')).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    }
    await revoked;
    expect(revisions.length).toBeGreaterThan(1);
    expect(await entries.keys()).toEqual(['other']);
    expect(await scene.listed()).toEqual([]);
    const [change, put] = (await entries.history(nameOf(0))).changes;
    expect(put).toMatchObject({ cause: 'put', after: { value: 'value 0', lease: id } });
    expect(change).toMatchObject({
      cause: 'revoked',
      actor: 'owner',
      before: { value: 'value 0', lease: id },
      after: null,
    });
    for (const index of [1, COUNT >> 1, COUNT - 1]) {
      const [last] = (await entries.history(nameOf(index))).changes;
      expect(last).toMatchObject({ revision: change?.revision, before: { value: `value ${index}` }, after: null });
    }
    const why = await namespace.api.why({ key: key('i') });
    expect(JSON.parse(why.body)).toMatchObject({ entries: [{ cause: 'revoked', revision: change?.revision }, {}] });
    expect(namespace.platform.storage.rows('SELECT * FROM lease_part')).toEqual([]);
    expect(namespace.platform.storage.rows('SELECT * FROM lease')).toEqual([]);
  });

  it('[GL7] is not reported as revoked while nothing can be stored, and a retry continues', async () => {
    const { namespace, scene, entries, leases } = begin();
    const { id } = await leases.grant({ alias: '5' });
    putMany(namespace, id);
    await settle();
    const { state, platform } = namespace;
    const revoked = leases.revoke(id);
    while (!state.granted.get(Number(id))?.ending?.staged) await undefined;
    // The next slice is on the disk, and then it is full.
    state.pipeline.enqueue(
      () => {},
      () => platform.fill(),
    );
    const refused = { code: 'UNAVAILABLE', message: expect.stringMatching(/^the lease \d+ has ended, .* is full; /) };
    await expect(revoked).rejects.toMatchObject(refused);
    await expect(leases.revoke('5')).rejects.toMatchObject(refused);
    expect(await entries.keys()).toHaveLength(COUNT);
    await expect(leases.put('new', '', id)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    platform.empty();
    await expect(new LeaseCalls(namespace.api, STRANGER).revoke(id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await leases.revoke('5');
    expect(await entries.keys()).toEqual([]);
    await expect(leases.revoke(id)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    expect(await scene.cursor()).toBe(state.journal.cursor);
  });

  it('[GL7] is not reported as revoked if a slice fails, and a retry after the restart continues', async () => {
    const { namespace, leases, restart } = begin();
    const { id } = await leases.grant();
    putMany(namespace, id);
    await settle();
    const { state, platform } = namespace;
    const revoked = leases.revoke(id);
    while (!state.granted.get(Number(id))?.ending?.staged) await undefined;
    platform.storage.failWrites(new Error('the disk is gone'));
    await expect(revoked).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    platform.storage.failWrites(undefined);
    const woken = await restart();
    expect(await woken.entries.keys()).toHaveLength(COUNT);
    await woken.leases.revoke(id);
    expect(await woken.entries.keys()).toEqual([]);
  });

  it('[GL7, TX1] is equal to no operand of a compare once it has ended, also while it still holds entries', async () => {
    const { namespace, leases } = begin();
    const { id } = await leases.grant({ alias: '5' });
    putMany(namespace, id);
    await leases.acquire('lock', id);
    const { state } = namespace;
    const holds = async (property: 'lease' | 'lock', is: '=' | '!=', operand: string | null) => {
      const key = property === 'lock' ? 'lock' : nameOf(0);
      const compare = { interval: intervalOf(key), property, is, operand };
      const { body } = await namespace.api.transaction(OWNER, { if: [compare], do: [], else: [] });
      return JSON.parse(body).succeeded;
    };
    for (const operand of [id, '5']) expect(await holds('lock', '=', operand)).toBe(true);
    const lease = state.granted.get(Number(id));
    if (lease === undefined) throw new Error('the lease is gone');
    endGranted(state, [lease], 'revoked', OWNER.tokenId, state.time.now());
    for (const property of ['lease', 'lock'] as const) {
      for (const operand of [id, '5', null]) {
        expect(await holds(property, '=', operand), `${property} ${operand}`).toBe(false);
        expect(await holds(property, '!=', operand), `${property} ${operand}`).toBe(true);
      }
    }
  });

  it('[GL7] leaves out entries that left it between two slices', async () => {
    const { namespace, entries, leases, restart } = begin();
    const [one, two] = [await leases.grant(), await leases.grant()];
    putMany(namespace, one.id);
    const { state } = namespace;
    const lease = state.granted.get(Number(one.id));
    if (lease === undefined) throw new Error('the lease is gone');
    endGranted(state, [lease], 'revoked', OWNER.tokenId, state.time.now());
    const left: string[] = [];
    for (let turn = 0; continueEnds(state, state.time.now()); turn++) {
      await state.pipeline.settled();
      if (turn >= 6) continue;
      // One that is staged already, and one that may not be.
      await leases.put(nameOf(turn), 'left');
      await leases.put(nameOf(COUNT - 1 - turn), 'left', two.id);
      left.push(nameOf(turn), nameOf(COUNT - 1 - turn));
    }
    expect(await entries.keys()).toEqual(left.sort());
    const { journal } = state;
    const made = Array.from({ length: journal.revision }, (_, index) => journal.entries.changesAt(index + 1));
    const deleted = made.flat().filter(({ cause }) => cause === 'revoked');
    expect(deleted).toHaveLength(COUNT - left.length);
    expect(deleted.filter(({ key: name }) => left.includes(name))).toEqual([]);
    const woken = await restart();
    expect(await woken.entries.keys()).toEqual(left.sort());
    const { revision } = namespace.state.journal;
    await woken.leases.revoke(two.id);
    expect(namespace.state.journal.revision).toBe(revision + 1);
  });

  it('[GL7] takes its revision only once all parts are on the disk, however many callers do its slices', async () => {
    const { namespace, leases } = begin();
    const { id } = await leases.grant();
    putMany(namespace, id);
    await settle();
    const { state } = namespace;
    const lease = state.granted.get(Number(id));
    if (lease === undefined) throw new Error('the lease is gone');
    const made = state.journal.revision + 1;
    endGranted(state, [lease], 'revoked', OWNER.tokenId, state.time.now());
    while (state.journal.revision < made) {
      // Several callers in the same turn.
      for (let caller = 0; caller < 3; caller++) continueEnds(state, state.time.now());
      if (state.journal.revision === made) expect(state.journal.entries.changesAt(made)).toHaveLength(COUNT);
      await state.pipeline.settled();
    }
    expect(state.journal.entries.changesAt(made)).toHaveLength(COUNT);
  });

  it('[GL7, GL6] ends after a restart in the middle, and is watched as one revision', async () => {
    const { stage, namespace, restart, ...first } = begin();
    const { id } = await first.leases.grant({ ttlMs: 10_000 });
    putMany(namespace, id);
    await namespace.pass(10_250);
    await namespace.freeze(250);
    // A call finds the lease due, and only marks it.
    await first.entries.put('other', '');
    expect(namespace.state.granted.nextEnding?.id).toBe(Number(id));
    expect(await first.entries.keys({ limit: 1 })).toEqual([nameOf(0)]);
    const { entries, leases } = await restart();
    await expect(leases.renew(id)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
    const watcher = stage.connect();
    await watcher.watch({ keys: [{ prefix: 'k0' }] });
    watcher.take();
    await namespace.pass(1_000);
    expect(await entries.keys()).toEqual(['other']);
    const frames = watcher.take().filter(({ type }) => type === 'changes');
    const changes = frames.flatMap((frame) => ('changes' in frame ? frame.changes : []));
    expect(changes).toHaveLength(COUNT);
    expect(changes[0]).toEqual({ type: 'delete', kind: 'entry', key: nameOf(0) });
    expect(new Set(frames.map((frame) => ('revision' in frame ? frame.revision : 0))).size).toBe(1);
    const before = await entries.range({ at: (await entries.history(nameOf(3))).changes[1]?.cursor ?? '', limit: 2 });
    expect(before).toMatchObject({ count: COUNT, entries: [{ value: 'value 0' }, {}] });
    const last = await restart();
    expect(await last.entries.keys()).toEqual(['other']);
    expect((await last.entries.history(nameOf(3))).changes).toHaveLength(2);
    expect(namespace.state.journal.entries.count).toBe(3);
  });

  it('[GL7] shares a revision only with leases whose values fit into one turn with its own', async () => {
    const { namespace, entries, leases } = begin();
    const value = 'x'.repeat(LEASE_END_SLICE_MAX_BYTES / 2 - 1_000);
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await leases.put(name, value, (await leases.grant({ ttlMs: 10_000 })).id);
    await leases.put('large', value, (await leases.grant({ ttlMs: 10_000 })).id);
    await leases.put('large', value);
    const { revision } = namespace.state.journal;
    await namespace.pass(12_000);
    expect(await entries.keys()).toEqual(['large']);
    const made = await Promise.all(names.map(async (name) => (await entries.history(name)).changes[0]?.revision));
    expect(made).toEqual([revision + 1, revision + 1, revision + 2, revision + 2]);
  });
});
