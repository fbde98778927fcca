import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b } from '../../../test/fixtures/etcd-stream';
import { everyRow } from '../../../test/fixtures/every-row';

const ALL = { key: b('\0'), range_end: b('\0') };

/** Members of the response of a range. */
interface RangeMembers {
  kvs?: unknown[];
  count: string;
  more?: boolean;
}

/** Puts `a` at the revisions 2 and 6, `b` at 3, and `c` at 4 and 5. */
async function filled(): Promise<EtcdStage> {
  const stage = new EtcdStage();
  for (const [key, value] of [
    ['a', '3'],
    ['b', '2'],
    ['c', '1'],
    ['c', '1'],
    ['a', '3'],
  ] as const) {
    await stage.call('kv/put', { key: b(key), value: b(value) });
  }
  return stage;
}

describe('ranges of etcd', () => {
  it('[EK8] are filtered, sorted, and then cut; the count is of all keys', () =>
    everyRow(
      [
        [{}, 'abc', false],
        [{ sort_order: 'DESCEND' }, 'cba', false],
        [{ sort_order: 'ASCEND', sort_target: 'VERSION' }, 'bac', false],
        [{ sort_order: 'DESCEND', sort_target: 'MOD' }, 'acb', false],
        [{ sort_target: 'VALUE' }, 'cba', false],
        [{ sort_order: 'DESCEND', sort_target: 'CREATE', limit: 2 }, 'cb', true],
        [{ sort_target: 'MOD', limit: 1 }, 'b', true],
        [{ limit: 3 }, 'abc', false],
        [{ limit: -1 }, 'abc', false],
        [{ min_mod_revision: 5, limit: 1 }, 'a', true],
        [{ max_create_revision: 3 }, 'ab', false],
        [{ min_create_revision: 9 }, '', false],
        [{ revision: 4 }, 'abc', false],
        [{ revision: 3, sort_order: 'DESCEND' }, 'ba', false],
      ] as const,
      async ([request, keys, more]) => {
        const answer = await (await filled()).call('kv/range', { ...ALL, ...request });
        expect((answer.kvs ?? []).map(({ key }: { key: string }) => atob(key)).join('')).toBe(keys);
        expect(answer.more ?? false).toBe(more);
        expect(answer.count).toBe('revision' in request && request.revision === 3 ? '2' : '3');
        expect(answer.header.revision).toBe('6');
      },
    ));

  it('[EK8] at revisions that do not exist, or no longer, are refused', async () => {
    const stage = await filled();
    expect(await stage.refusal('kv/range', { ...ALL, revision: 7 })).toBe(
      '400 11 etcdserver: mvcc: required revision is a future revision',
    );
    await stage.call('kv/compaction', { revision: 4 });
    expect(await stage.call('kv/range', { ...ALL, revision: 4, count_only: true })).toMatchObject({ count: '3' });
    for (const body of [
      { ...ALL, revision: 3 },
      { ...ALL, revision: 3, count_only: true },
    ]) {
      expect(await stage.refusal('kv/range', body)).toBe(
        '400 11 etcdserver: mvcc: required revision has been compacted',
      );
    }
    expect(await stage.refusal('kv/compaction', { revision: 4 })).toMatch(/has been compacted$/);
    expect(await stage.refusal('kv/compaction', { revision: 7 })).toMatch(/is a future revision$/);
  });

  it('[EW3] watches from a compacted revision are cancelled with the one to begin at', async () => {
    const stage = await filled();
    await stage.call('kv/compaction', { revision: 4 });
    const stream = await stage.stream('watch', { create_request: { ...ALL, start_revision: 3 } });
    expect(await stream.next()).toMatchObject({ created: true, header: { revision: '6' } });
    expect(await stream.next()).toMatchObject({ canceled: true, compact_revision: '4' });
    await stream.close();
    const again = await stage.stream('watch', { create_request: { ...ALL, start_revision: 4 } });
    expect(await again.next()).toMatchObject({ created: true });
    expect(await again.next()).toMatchObject({ events: [{ kv: { key: b('c'), mod_revision: '4' } }] });
    await again.close();
  });

  it('with values are refused beyond what an isolate can hold, but read whole below that', async () => {
    const stage = new EtcdStage();
    for (let index = 0; index < 9; index++) {
      const value = b('x'.repeat(400_000));
      await stage.call('kv/put', { key: b(`big/${index}`), value });
    }
    const { kvs, count, more } = await stage.call('kv/range', ALL);
    expect([kvs.length, count, more]).toEqual([9, '9', undefined]);
  });
});

describe('compares of etcd', () => {
  it('[EK8] take a missing key for zeros, and for no value', () =>
    everyRow(
      [
        ['CREATE', 'EQUAL', {}, true],
        ['CREATE', 'EQUAL', { create_revision: 1 }, false],
        ['CREATE', 'LESS', { create_revision: 1 }, true],
        ['CREATE', 'GREATER', { create_revision: -1 }, true],
        ['MOD', 'NOT_EQUAL', {}, false],
        ['MOD', 'LESS', {}, false],
        ['MOD', 'LESS', { mod_revision: '9223372036854775807' }, true],
        ['VERSION', 'EQUAL', { version: 0 }, true],
        ['VERSION', 'GREATER', { version: 0 }, false],
        ['LEASE', 'EQUAL', {}, true],
        ['VALUE', 'EQUAL', {}, false],
        ['VALUE', 'NOT_EQUAL', { value: b('x') }, false],
      ] as const,
      async ([target, result, operand, succeeded]) => {
        const stage = new EtcdStage();
        const answer = await stage.call('kv/txn', { compare: [{ key: b('k'), target, result, ...operand }] });
        expect(answer.succeeded ?? false).toBe(succeeded);
      },
    ));

  it('[EK8] of a key, and of all keys of a range', () =>
    everyRow(
      [
        [{ key: b('a'), target: 'CREATE', create_revision: 2 }, true],
        [{ key: b('a'), target: 'MOD', mod_revision: 6 }, true],
        [{ key: b('a'), target: 'CREATE', create_revision: 1 }, false],
        [{ key: b('a'), target: 'CREATE', result: 'GREATER', create_revision: 1 }, true],
        [{ key: b('a'), target: 'CREATE', result: 'NOT_EQUAL' }, true],
        [{ ...ALL, target: 'VERSION', result: 'LESS', version: 3 }, true],
        [{ ...ALL, target: 'VERSION', result: 'EQUAL', version: 2 }, false],
        [{ key: b('x'), range_end: b('z'), target: 'VERSION', version: 0 }, true],
      ] as const,
      async ([compare, succeeded]) => {
        const answer = await (await filled()).call('kv/txn', { compare: [compare] });
        expect(answer.succeeded ?? false).toBe(succeeded);
      },
    ));
});

describe('transactions of etcd', () => {
  it('[EK8] answer each operation with the revision that it has seen or made', async () => {
    const stage = await filled();
    const range = { request_range: { key: b('a'), keys_only: true } };
    const { header, responses } = await stage.call('kv/txn', {
      success: [range, { request_put: { key: b('a'), prev_kv: true } }, range, { request_txn: { success: [range] } }],
    });
    expect(header).toMatchObject({ revision: '7', raft_term: '2' });
    expect(responses).toMatchObject([
      { response_range: { header: { revision: '6' } } },
      { response_put: { header: { revision: '7' }, prev_kv: { value: b('3'), version: '2' } } },
      { response_range: { header: { revision: '7' } } },
      { response_txn: { header: {}, responses: [{ response_range: { header: { revision: '7' } } }] } },
    ]);
  });

  describe('with ranges', () => {
    const all = (more: object = {}) => ({ request_range: { ...ALL, ...more } });
    const one = { request_range: { key: b('big/10') } };
    const put = { request_put: { key: b('new') } };

    /** Puts 9 MiB, of which an answer has room for 15 values. */
    async function large(): Promise<EtcdStage> {
      const stage = new EtcdStage();
      const value = b('x'.repeat(512 * 1024));
      for (let index = 10; index < 28; index++) await stage.call('kv/put', { key: b(`big/${index}`), value });
      return stage;
    }

    it('[EK8] refuse those for which there is no room, and change nothing', async () => {
      const stage = await large();
      await everyRow(
        [
          [all()],
          [all({ limit: 16 })],
          [all({ limit: 15 }), one],
          [all({ sort_order: 'DESCEND', sort_target: 'VALUE', limit: 1 })],
          [all({ min_mod_revision: 1, limit: 1 })],
          [{ request_txn: { success: [all()] } }],
        ],
        async (ranges) => {
          const success = [put, ...ranges];
          expect(await stage.refusal('kv/txn', { success })).toBe('400 3 etcdserver: request is too large');
        },
      );
      expect((await stage.call('kv/range', { key: b('new') })).count).toBeUndefined();
    });

    it('[EK8] answer those that are cut by their own limit', async () => {
      const stage = await large();
      const { responses } = await stage.call('kv/txn', {
        success: [all({ limit: 3 }), one, all({ limit: 2, sort_target: 'VERSION' }), all({ count_only: true })],
      });
      const ranges = responses.map(({ response_range }: { response_range: RangeMembers }) => response_range);
      expect(ranges.map(({ kvs, count, more }: RangeMembers) => [kvs?.length, count, more])).toEqual([
        [3, '18', true],
        [1, '1', undefined],
        [2, '18', true],
        [undefined, '18', undefined],
      ]);
    });
  });

  it('[EK8] with a put that can’t be carried out change nothing', async () => {
    const stage = await filled();
    const put = { request_put: { key: b('new'), value: b('x') } };
    for (const [operation, text] of [
      [{ request_put: { key: b('a'), lease: 5 } }, '404 5 etcdserver: requested lease not found'],
      [{ request_put: { key: b('none'), ignore_value: true } }, '400 3 etcdserver: key not found'],
      [{ request_put: { key: b('none'), ignore_lease: true, value: '' } }, '400 3 etcdserver: key not found'],
      [
        { request_range: { key: b('a'), revision: 99 } },
        '400 11 etcdserver: mvcc: required revision is a future revision',
      ],
      [put, '400 3 etcdserver: duplicate key given in txn request'],
      [{}, '400 3 etcdserver: key not found'],
    ] as const) {
      expect(await stage.refusal('kv/txn', { success: [put, operation] })).toBe(text);
    }
    expect(await stage.call('kv/range', { key: b('new') })).toEqual({
      header: expect.objectContaining({ revision: '6' }),
    });
  });
});
