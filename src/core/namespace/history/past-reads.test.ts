import { describe, expect, it } from 'vitest';
import { bodyOf, refusal } from '../../../../test/contracts/namespace/scene';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { ORDERS } from '../../../../test/fixtures/definition';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { RegistryError } from '../../../model/errors';
import type { HistoryEntry, HistoryPage } from '../../../model/history';
import type { HistoryCommand } from '../../../model/history-commands';
import { PAST_SLICE_MAX_COUNT } from '../../../model/limits';
import type { Caller } from '../../../model/namespace-api';
import { DEFAULT_RETENTION } from '../commit/journal';

const ALL = 1_000_000;

/** Entries in short: `4 expired a`. */
const short = ({ revision, changes }: HistoryEntry) =>
  [
    revision,
    ...changes.map(
      (change) =>
        `${change.cause} ${change.kind === 'entry' ? change.key : change.kind === 'service' ? change.service : change.id}`,
    ),
  ].join(' ');

async function begin(maxCount = ALL) {
  const stage = new WatchStage({ ...DEFAULT_RETENTION, maxCount });
  const page = async (command: HistoryCommand = {}): Promise<HistoryPage> =>
    bodyOf(await stage.scene.api.history(command));
  const story = async (command: HistoryCommand = {}) => (await page(command)).entries.map(short);
  return { stage, scene: stage.scene, page, story };
}

/** A history with all kinds of changes: two services, an override, and an instance that is removed and registered again. */
async function withPast() {
  const past = await begin();
  const { scene } = past;
  const cursors = [await scene.cursor()];
  for (const act of [
    () => scene.register('a'),
    () => scene.register('b', {}, { service: 'users' }),
    () => scene.override('a', { weight: 5 }),
    () => scene.deregister('a'),
    () => scene.putService({ protectThreshold: 0.5 }),
    () => scene.register('a', { weight: 7 }),
    () => scene.clearOverride('a'),
    () => scene.batch({ op: 'register', id: 'c', address: '10.0.0.3', port: 1 }, { op: 'deregister', id: 'a' }),
  ]) {
    await scene.freeze(1_000);
    await act();
    cursors.push(await scene.cursor());
  }
  const start = Date.parse('2030-01-01T00:00:00Z');
  return { ...past, cursors, time: (seconds: number) => new Date(start + seconds * 1_000).toISOString() };
}

const WHOLE = [
  '8 registered c deregistered a',
  '7 overridden a',
  '6 registered a',
  '5 registered orders',
  '4 deregistered a',
  '3 overridden a',
  '2 registered b',
  '1 registered a',
];

describe('readHistory', () => {
  it('[J4] lists all changes, newest first', async () => {
    const { story, page } = await withPast();
    expect(await story()).toEqual(WHOLE);
    expect(await page()).toMatchObject({ compacted: false });
    expect((await page()).next).toBeUndefined();
  });

  it('[J4] of a service has its own changes, and of an instance its own and its override’s', async () => {
    const { story } = await withPast();
    expect(await story({ service: 'users' })).toEqual(['2 registered b']);
    expect(await story({ service: 'orders' })).toEqual(WHOLE.filter((line) => !line.startsWith('2')));
    expect(await story({ service: 'orders', instance: 'a' })).toEqual([
      '8 deregistered a',
      '7 overridden a',
      '6 registered a',
      '4 deregistered a',
      '3 overridden a',
      '1 registered a',
    ]);
    expect(await story({ group: ORDERS.group, service: 'orders', instance: 'c' })).toEqual(['8 registered c']);
    expect(await story({ group: 'other' })).toEqual([]);
    expect(await story({ group: ORDERS.group })).toEqual(WHOLE);
    expect(await story({ service: 'never' })).toEqual([]);
    expect(await story({ service: 'orders', instance: 'never' })).toEqual([]);
  });

  it('[J4] has only the changes of one cause', async () => {
    const { story } = await withPast();
    expect(await story({ cause: 'deregistered' })).toEqual(['8 deregistered a', '4 deregistered a']);
    expect(await story({ cause: 'overridden', service: 'orders' })).toEqual(['7 overridden a', '3 overridden a']);
  });

  it.each([{}, { service: 'orders' }, { service: 'orders', instance: 'a' }])(
    '[J4] of %j has the changes between two cursors or times',
    async (scope) => {
      const { story, cursors, time } = await withPast();
      const all = await story(scope);
      const inside = all.filter((line) => Number(line[0]) > 3 && Number(line[0]) <= 6);
      expect(inside.length).toBeGreaterThan(1);
      expect(await story({ ...scope, since: cursors[3], until: cursors[6] })).toEqual(inside);
      expect(await story({ ...scope, since: time(4), until: time(6) })).toEqual(inside);
      expect(await story({ ...scope, since: time(3.001), until: time(6.999) })).toEqual(inside);
      expect(await story({ ...scope, since: time(-100) })).toEqual(all);
    },
  );

  it.each([{}, { group: ORDERS.group }, { service: 'orders' }, { service: 'orders', instance: 'a' }])(
    '[J4] of %j has pages without a gap or a repeat, whatever changes meanwhile',
    async (scope) => {
      const { story, page, scene } = await withPast();
      const all = await story(scope);
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const { entries, next } = await page({ ...scope, limit: 2, after });
        expect(entries.length).toBeLessThanOrEqual(2);
        seen.push(...entries.map(short));
        after = next;
        await scene.register('a', { weight: seen.length + 100 });
      } while (after !== undefined);
      expect(seen).toEqual(all);
    },
  );

  it('[J4] shows each record before and after, separate from its override', async () => {
    const { page } = await withPast();
    const { entries } = await page({ service: 'orders' });
    const change = (revision: number) => entries.find((entry) => entry.revision === revision)?.changes[0];
    expect(change(6)).toMatchObject({ before: null, after: { id: 'a', weight: 7, revision: 6, healthy: true } });
    expect(change(6)?.after).not.toHaveProperty('available');
    expect(change(4)).toMatchObject({ before: { weight: 1, revision: 1 }, after: null });
    expect(change(7)).toMatchObject({ before: { weight: 5, actor: 'operator', revision: 3 }, after: null });
    expect(change(5)).toMatchObject({ before: null, after: { name: 'orders', protectThreshold: 0.5, revision: 5 } });
    expect(entries[0]).toMatchObject({ at: '2030-01-01T00:00:08.000Z', cause: 'updated', actor: 'owner' });
  });

  it('[J4, I8] reads a bounded amount for each page, and continues after pages without a match', async () => {
    const { page, scene } = await begin();
    await scene.override('a', { weight: 3 }).catch(() => {});
    await scene.register('rare', { weight: 2 }, { service: 'users' });
    for (let count = 0; count <= PAST_SLICE_MAX_COUNT; count++) await scene.register('a', { weight: count });
    const first = await page({ group: 'other' });
    expect(first).toMatchObject({ entries: [], compacted: false, next: expect.any(String) });
    expect(await page({ group: 'other', after: first.next })).toEqual({ entries: [], compacted: false });
    const { next } = await page({ service: 'orders' });
    expect((await page({ service: 'orders', after: next })).entries).toHaveLength(1);
  });

  it('[J4] reports that earlier history is no longer retained', async () => {
    const { page, stage, scene } = await begin(10);
    const cursor = await scene.cursor();
    for (let count = 0; count <= 600; count++) await scene.register('a', { weight: count });
    await stage.namespace.pass(60_000);
    expect(await page()).toMatchObject({ compacted: true });
    expect(await page({ service: 'orders' })).toMatchObject({ compacted: true });
    expect(await page({ service: 'orders', instance: 'a' })).toMatchObject({ compacted: true });
    const { entries } = await page();
    expect(await page({ since: entries.at(-1)?.cursor })).toMatchObject({ compacted: false });
    await expect(page({ since: cursor })).rejects.toEqual(refusal('COMPACTED'));
    await expect(page({ until: '2029-12-31T00:00:00Z' })).rejects.toEqual(refusal('COMPACTED'));
    expect(await page({ since: '2029-01-01T00:00:00Z' })).toMatchObject({ compacted: true });
  });

  it('refuses to continue from a position that ended no page', async () => {
    const cases = ['', 'x.y.z', '-1', '1.', 'c1', '99999999999'] as const;
    for (const after of cases) {
      const { page } = await withPast();
      const asked = page({ after: after === 'c1' ? 'c1!' : after });
      await expect(asked).rejects.toEqual(refusal('INVALID_REQUEST'));
    }
  });

  it('[I3] refuses to continue from a revision in the future', async () => {
    const { story } = await withPast();
    expect(await story({ after: 'zzzz' })).toEqual(WHOLE);
    expect(await story({ service: 'orders', after: 'zzzz' })).toEqual(WHOLE.filter((line) => !line.startsWith('2')));
  });
});

describe('rollback', () => {
  const back = async () => {
    const past = await withPast();
    const { audit } = past.stage.namespace.platform;
    audit.forget();
    const rollBack = (to: string, caller: Caller = { ...OPERATOR, address: '10.9.9.9' }) =>
      past.scene.api.rollback(caller, { ...ORDERS, to });
    return { ...past, audit, rollBack };
  };

  it('[J9] is audited before it is applied, with the revision it returns to', async () => {
    const { audit, rollBack, cursors } = await back();
    await rollBack(cursors[3] ?? '');
    expect(audit.notes).toEqual([
      {
        action: 'rolled-back',
        actor: 'operator',
        address: '10.9.9.9',
        target: 'DEFAULT_GROUP@@orders',
        detail: `to revision 3, ${cursors[3]}`,
        outcome: 'done',
      },
    ]);
  });

  it('[J9] is not applied if it can’t be audited', async () => {
    const { audit, rollBack, cursors, scene } = await back();
    audit.failure = new RegistryError('UNAVAILABLE', 'no directory');
    const revision = await scene.revision();
    await expect(rollBack(cursors[3] ?? '')).rejects.toEqual(refusal('UNAVAILABLE'));
    expect(await scene.revision()).toBe(revision);
  });

  it('[J9] is refused without an audit entry to callers that aren’t operators, and for a revision that is not retained', async () => {
    const { audit, rollBack, cursors } = await back();
    await expect(rollBack(cursors[3] ?? '', OWNER)).rejects.toEqual(refusal('FORBIDDEN'));
    await expect(rollBack('cother.1.x')).rejects.toEqual(refusal('COMPACTED'));
    expect(audit.notes).toEqual([]);
  });
});
