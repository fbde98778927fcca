import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWNER } from '../../../../test/fixtures/callers';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { PlainEntries } from '../../../../test/fixtures/plain-entries';
import type { Frame, SocketClient } from '../../../../test/fixtures/socket-client';
import { shortResults, transact } from '../../../../test/fixtures/transaction-calls';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { hasCode } from '../../../model/errors';
import { readJsonText } from '../../../model/json';
import { intervalOf, type KeyInterval } from '../../../model/key-interval';
import {
  LIST_TEXT_MAX_BYTES,
  TRANSACTION_DELETED_MAX_COUNT,
  TRANSACTION_REPLACED_MAX_BYTES,
} from '../../../model/limits';
import type { Compare, Relation, Transaction, TransactionOperation } from '../../../model/transaction';

/** Few keys, so that operations overlap often. */
const KEYS = ['a', 'a/', 'a/b', 'b', 'c'];

const key = fc.constantFrom(...KEYS);
const value = fc.string({ unit: fc.constantFrom('x', 'y', 'z'), maxLength: 2 });
const flag = fc.option(fc.constant(true), { nil: undefined });
const interval: fc.Arbitrary<KeyInterval> = fc.oneof(
  key.map(intervalOf),
  fc.record({ from: fc.oneof(fc.constant(''), key), to: fc.option(key, { nil: undefined }) }),
);
const is = fc.constantFrom<Relation>('=', '!=', '<', '>');

const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({
    interval,
    property: fc.constantFrom('createdRevision' as const, 'revision' as const, 'version' as const),
    is,
    operand: fc.nat({ max: 4 }),
  }),
  fc.record({ interval, property: fc.constant('value' as const), is, operand: value }),
  fc.record({ interval, property: fc.constant('exists' as const), operand: fc.boolean() }),
  fc.record({
    interval,
    property: fc.constantFrom('lease' as const, 'lock' as const),
    is: fc.constantFrom('=' as const, '!=' as const),
    operand: fc.constantFrom(null, '7'),
  }),
);

const { transaction } = fc.letrec<{ operation: TransactionOperation; transaction: Transaction }>((tie) => ({
  operation: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ op: fc.constant('put' as const), key, value, previous: flag }),
    fc.record({ op: fc.constant('put' as const), key, value: fc.constant(undefined) }),
    fc.record({ op: fc.constant('delete' as const), interval, previous: flag }),
    fc.record({
      op: fc.constant('range' as const),
      interval,
      limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      order: fc.constantFrom('key', 'createdRevision', 'revision', 'version'),
      descending: fc.boolean(),
      countOnly: flag,
    }),
    tie('transaction').map((nested) => ({ op: 'transaction' as const, ...nested })),
  ),
  transaction: fc.record({
    if: fc.array(compare, { maxLength: 2 }),
    do: fc.array(tie('operation'), { maxLength: 4 }),
    else: fc.array(tie('operation'), { maxLength: 3 }),
  }),
}));

const STEPS = fc.array(
  fc.oneof({ weight: 8, arbitrary: transaction }, { weight: 1, arbitrary: fc.constant('restart') }),
  {
    maxLength: 12,
  },
);

/** Returns the changes that a client has received, in short form. */
function changesSeen(client: SocketClient): string[][] {
  return client.takeOnly('changes').map(({ changes }: Frame<'changes'>) =>
    changes.map((change) => {
      if (change.kind !== 'entry') return change.kind;
      return change.type === 'put' ? `+${change.key}=${change.after.value}` : `-${change.key}`;
    }),
  );
}

describe('random transactions', () => {
  it('[TX1, TX2, TX3, TX4, KV11] do what a plain model does, and are watched in order', async () => {
    await fc.assert(
      fc.asyncProperty(STEPS, async (steps) => {
        const stage = new WatchStage();
        const model = new PlainEntries(KEYS);
        let client = stage.connect();
        await client.watch({ keys: [{ prefix: '' }] });
        client.take();
        for (const step of steps) {
          if (typeof step === 'string') {
            await stage.namespace.restart();
            client = stage.connect();
            await client.watch({ keys: [{ prefix: '' }] });
            client.take();
            continue;
          }
          const expected = model.run(step);
          const answer = await stage.namespace.api.transaction(OWNER, step).catch((error: unknown) => {
            expect(hasCode(error, 'INVALID_REQUEST') || hasCode(error, 'ENTRY_NOT_FOUND'), String(error)).toBe(true);
            return undefined;
          });
          const report = answer && readJsonText(answer.body);
          expect(report && [report.succeeded, report.revision, shortResults(report.results)]).toEqual(
            expected && [expected.succeeded, model.revision, expected.results],
          );
          await settle();
          expect(changesSeen(client)).toEqual(expected && expected.changes.length > 0 ? [expected.changes] : []);
        }
        const { entries } = await new EntryCalls(stage.namespace.api).range();
        const texts = entries.map(
          (each) => `${each.key}=${each.value} ${each.createdRevision}.${each.revision}v${each.version}`,
        );
        expect(texts).toEqual(model.texts);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the limits of a transaction', () => {
  /** Puts entries of as many bytes, in transactions. */
  async function fill(api: WatchStage['namespace']['api'], count: number, bytes: number): Promise<void> {
    const value = 'x'.repeat(bytes);
    const each = Math.min(128, Math.floor((1 << 20) / (bytes + 8)));
    for (let at = 0; at < count; at += each) {
      const puts = Array.from({ length: Math.min(each, count - at) }, (_, index) => {
        return { op: 'put', key: String(at + index).padStart(6, '0'), value };
      });
      await transact(api, { do: puts });
    }
  }

  it('[TX5] bound the entries and the bytes that it deletes', async () => {
    const { namespace } = new WatchStage();
    await fill(namespace.api, TRANSACTION_DELETED_MAX_COUNT + 1, 1);
    const all = { op: 'delete', prefix: '' };
    await expect(transact(namespace.api, { do: [all] })).rejects.toThrow(/entries are deleted/);
    expect((await transact(namespace.api, { do: [{ op: 'delete', from: '000001' }] })).results).toEqual([
      { op: 'delete', deleted: TRANSACTION_DELETED_MAX_COUNT },
    ]);
    await fill(namespace.api, TRANSACTION_REPLACED_MAX_BYTES / (512 * 1024) + 1, 512 * 1024);
    const revision = namespace.state.journal.revision;
    await expect(transact(namespace.api, { do: [all] })).rejects.toThrow(/bytes of values are replaced or deleted/);
    expect(namespace.state.journal.revision).toBe(revision);
  });

  it('[TX5, KV4] bound the answer: ranges end early, and previous entries that have no room are refused', async () => {
    const { namespace } = new WatchStage();
    const size = 512 * 1024;
    await fill(namespace.api, LIST_TEXT_MAX_BYTES / size + 2, size);
    const all = { op: 'range', prefix: '' };
    const { results } = await transact(namespace.api, { do: [all, { ...all, limit: 1 }, { ...all, countOnly: true }] });
    const most = LIST_TEXT_MAX_BYTES / size - 1;
    expect(
      results.map((result) => result.op === 'range' && [result.entries.length, result.count, result.more]),
    ).toEqual([
      [most, most + 3, true],
      [0, most + 3, true],
      [0, most + 3, false],
    ]);
    const { revision } = namespace.state.journal;
    const refused = transact(namespace.api, { do: [{ op: 'delete', from: '000001', previous: true }] });
    await expect(refused).rejects.toThrow(/previous entries/);
    expect(namespace.state.journal.revision).toBe(revision);
  });

  it('[TX5] refuse a range that is to be complete and has no room, and change nothing', async () => {
    const { namespace } = new WatchStage();
    const size = 512 * 1024;
    await fill(namespace.api, LIST_TEXT_MAX_BYTES / size + 2, size);
    const most = LIST_TEXT_MAX_BYTES / size - 1;
    const all = { op: 'range', prefix: '', complete: true };
    const put = { op: 'put', key: 'new', value: 'x' };
    const { revision } = namespace.state.journal;
    const full = { op: 'range', prefix: '' };
    for (const ranges of [
      [all],
      [{ ...all, limit: most + 1 }],
      [{ ...all, order: 'revision', descending: true }],
      [
        { ...all, limit: most },
        { op: 'range', key: '000001', complete: true },
      ],
      [full, { op: 'range', key: '000001', complete: true }],
      [{ op: 'transaction', do: [all] }],
    ]) {
      await expect(transact(namespace.api, { do: [put, ...ranges] })).rejects.toThrow(/all entries of its ranges/);
      expect(namespace.state.journal.revision).toBe(revision);
    }
    const { results } = await transact(namespace.api, {
      do: [
        { ...all, limit: most },
        { ...all, countOnly: true },
        { op: 'range', key: 'none', complete: true },
        full,
        { op: 'range', key: 'none', complete: true },
      ],
    });
    expect(results.map((result) => result.op === 'range' && [result.entries.length, result.count])).toEqual([
      [most, most + 3],
      [0, most + 3],
      [0, 0],
      [0, most + 3],
      [0, 0],
    ]);
  });

  it('[TX5] bound the entries and the bytes that it compares', async () => {
    const { namespace } = new WatchStage();
    await fill(namespace.api, 2_000, 1);
    const compares = (count: number, more: object) =>
      Array.from({ length: count }, () => ({ prefix: '', property: 'version', operand: 1, ...more }));
    expect((await transact(namespace.api, { if: compares(50, {}) })).succeeded).toBe(true);
    await expect(transact(namespace.api, { if: compares(51, {}) })).rejects.toThrow(/are compared/);
    await fill(namespace.api, 10, 512 * 1024);
    const values = compares(13, { property: 'value', is: '>', operand: '' });
    await expect(transact(namespace.api, { if: values })).rejects.toThrow(/bytes of values are compared/);
    const lengths = compares(13, { property: 'value', is: '!=', operand: 'xx' });
    expect((await transact(namespace.api, { if: lengths })).succeeded).toBe(true);
  });
});

it('[TX1] a put that asks for it changes nothing if value, flags, lease and lock stay the same', async () => {
  const { namespace } = new WatchStage();
  const { api } = namespace;
  const { id: lease } = readJsonText((await api.grantLease(OWNER, { ttlMs: null })).body);
  const put = async (more: object): Promise<number> => {
    const operation = { op: 'put', key: 'k', value: 'v', unlessSame: true, ...more } as const;
    const { body } = await api.transaction(OWNER, { if: [], do: [operation], else: [] });
    const [result] = readJsonText(body).results;
    expect(result).toMatchObject({ op: 'put', entry: { key: 'k', revision: namespace.state.journal.revision } });
    return namespace.state.journal.revision;
  };
  const steps: [more: object, revision: number][] = [
    [{}, 1],
    [{ flags: '0' }, 1],
    [{ unlessSame: undefined }, 2],
    [{ flags: '5' }, 3],
    [{ flags: '5' }, 3],
    [{ flags: '5', acquire: lease }, 4],
    [{ flags: '5', acquire: lease }, 4],
    [{ flags: '5' }, 4],
    [{ flags: '5', release: lease }, 5],
    [{ flags: '5', lease }, 6],
    [{ flags: '5', keepLease: true }, 6],
    [{ flags: '5' }, 7],
    [{ flags: '5', value: 'w' }, 8],
  ];
  for (const [more, revision] of steps) expect([more, await put(more)]).toEqual([more, revision]);
});
