import { beforeAll, describe, expect, it } from 'vitest';
import { bodyOf } from '../../../test/contracts/namespace/scene';
import { OPERATOR, OWNER } from '../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../test/fixtures/definition';
import { WatchStage } from '../../../test/fixtures/watch-stage';
import { LIST_TEXT_MAX_BYTES } from '../../model/limits';
import { DEFAULT_RETENTION } from './commit/journal';

/** Instances of 8 KB each: about 10 MB, more than one page. */
const COUNT = 1_300;
const NOTE = 'x'.repeat(1_950);
const BIG = { a: NOTE, b: NOTE, c: NOTE, d: NOTE };
const idOf = (number: number) => `i${String(number).padStart(5, '0')}`;
const IDS = Array.from({ length: COUNT }, (_, number) => idOf(number));

async function begin() {
  const { scene } = new WatchStage(DEFAULT_RETENTION);
  const before = await scene.cursor();
  for (let first = 0; first < COUNT; first += 400) {
    const operations = IDS.slice(first, first + 400).map((id) => ({
      op: 'register' as const,
      key: key(id),
      definition: definition({ metadata: BIG, lease: { ttlMs: 3_600_000 } }),
      precondition: {},
    }));
    await scene.api.batch(OWNER, operations);
  }
  return { scene, api: scene.api, before };
}

describe('responses that are too large', () => {
  let stage: Awaited<ReturnType<typeof begin>>;
  beforeAll(async () => {
    stage = await begin();
  });

  /** Reads all pages, and checks that each fits. */
  async function idsOf(read: (after: string | undefined) => Promise<{ body: string | null }>, list = 'instances') {
    const ids: string[] = [];
    let pages = 0;
    let after: string | undefined;
    do {
      const { body } = await read(after);
      expect(body?.length).toBeLessThan(LIST_TEXT_MAX_BYTES + 10_000);
      const answer = JSON.parse(body ?? '');
      for (const { id } of answer[list]) ids.push(id);
      after = answer.next;
      pages += 1;
    } while (after !== undefined);
    return { ids, pages };
  }

  it('[V8] list instances in pages, now and at past moments, also if a limit asks for more', async () => {
    const { api, scene } = stage;
    const at = await scene.cursor();
    const list = { ...ORDERS, filter: {} };
    for (const options of [{}, { at }, { limit: COUNT }]) {
      const { ids, pages } = await idsOf((after) => api.listInstances({ ...list, ...options, after }));
      expect([ids, pages]).toEqual([IDS, 2]);
    }
  });

  it('[V8] are 304 for a page as long as nothing in its service has changed', async () => {
    const { api } = stage;
    const list = { ...ORDERS, filter: {}, after: idOf(9) };
    const { cursor } = await api.listInstances(list);
    expect((await api.listInstances({ ...list, ifNoneMatch: cursor })).body).toBeNull();
  });

  it('[V8] compare two moments in pages', async () => {
    const { api, before } = stage;
    const { ids, pages } = await idsOf((after) => api.diff({ ...ORDERS, from: before, after }));
    expect([ids, pages]).toEqual([IDS, 2]);
  });

  it('[V10] resolve to as many endpoints as fit, a different selection each time, and report that there are more', async () => {
    const { api } = stage;
    const resolved = async (command = {}) => bodyOf(await api.resolve({ ...ORDERS, ...command }));
    const [one, other] = [await resolved(), await resolved()];
    expect([one.truncated, other.truncated]).toEqual([true, true]);
    expect(one.instances.length).toBeGreaterThan(COUNT / 2);
    const ids = ({ instances }: typeof one) => instances.map(({ id }) => id).sort();
    expect(ids(one)).not.toEqual(ids(other));
    expect((await resolved({ near: { kind: 'zone', zone: 'z' } })).instances[0]?.id).toBe(IDS[0]);
    const few = await resolved({ limit: 5 });
    expect([few.instances.length, few.truncated]).toEqual([5, undefined]);
  });

  it('[V8] report how many changes of a revision the history omits, and readers of changes start over', async () => {
    const { scene, api } = await begin();
    const cursor = await scene.cursor();
    await api.removeService(OPERATOR, { ...ORDERS, force: true, precondition: {} });
    const { entries } = bodyOf(await api.history({ limit: 1 }));
    const [{ changes = [], omitted = 0 } = {}] = entries;
    expect(omitted).toBeGreaterThan(0);
    expect(changes.filter(({ kind }) => kind === 'instance').length + omitted).toBeGreaterThanOrEqual(COUNT);
    const one = bodyOf(await api.history({ ...ORDERS, instance: IDS.at(-1), limit: 1 }));
    expect(one.entries).toMatchObject([{ changes: [{ id: IDS.at(-1), after: null }] }]);
    await expect(api.changedSince({ since: cursor })).rejects.toMatchObject({ code: 'COMPACTED' });
  });

  it('[V8] list overrides in pages', async () => {
    const { scene, api } = await begin();
    for (let first = 0; first < COUNT; first += 400) {
      const operations = IDS.slice(first, first + 400).map((id) => ({
        op: 'override' as const,
        key: key(id),
        override: { metadata: BIG },
        precondition: {},
      }));
      await api.batch(OPERATOR, operations);
    }
    expect(await idsOf((after) => api.listOverrides({ ...ORDERS, after }), 'overrides')).toEqual({
      ids: IDS,
      pages: 2,
    });
    expect(await scene.cursor()).toBeDefined();
  });
});
