import { describe, expect, it } from 'vitest';
import { TRANSACTION_OPERATIONS_MAX_COUNT } from '../../../src/model/limits';
import type { Transaction } from '../../../src/model/transaction';
import { OPERATOR, OWNER, STRANGER } from '../../fixtures/callers';
import { key as keyOf } from '../../fixtures/definition';
import { EntryCalls } from '../../fixtures/entry-calls';
import { LeaseCalls } from '../../fixtures/lease-calls';
import { shortResults, type TransactionInput, transact, transactionOf } from '../../fixtures/transaction-calls';
import { refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const put = (key: string, value = key, more: object = {}) => ({ op: 'put', key, value, ...more });
const range = (prefix = '', more: object = {}) => ({ op: 'range', prefix, ...more });

/** Operations that put as many keys. */
const puts = (count: number) => Array.from({ length: count }, (_, index) => put(`k${index}`, ''));

/** Tests transactions: compares, and operations on entries and instances in one revision. */
export function transactions(stage: () => Scene, capabilities: Capabilities): void {
  const begin = () => {
    const scene = stage();
    const run = (body: TransactionInput) => transact(scene.api, body);
    const results = async (body: TransactionInput) => shortResults((await run(body)).results);
    return { scene, calls: new EntryCalls(scene.api), run, results };
  };

  describe('transactions', () => {
    it('[TX1] compare numbers, values and existence before they choose a side', async () => {
      const { calls, run } = begin();
      await calls.put('a', 'first');
      await calls.put('a', 'second');
      await calls.put('b', '');
      const chosen = async (...compares: object[]) => (await run({ if: compares })).succeeded;
      const numbers = { createdRevision: 1, revision: 2, version: 2 };
      for (const [property, number] of Object.entries(numbers)) {
        for (const operand of [number - 1, number, number + 1]) {
          const about = { key: 'a', property, operand };
          expect(await chosen({ ...about, is: '=' }), property).toBe(number === operand);
          expect(await chosen({ ...about, is: '!=' }), property).toBe(number !== operand);
          expect(await chosen({ ...about, is: '<' }), property).toBe(number < operand);
          expect(await chosen({ ...about, is: '>' }), property).toBe(number > operand);
        }
      }
      const relations = async (operand: string) => {
        const held: string[] = [];
        for (const is of ['=', '!=', '<', '>']) {
          if (await chosen({ key: 'a', property: 'value', is, operand })) held.push(is);
        }
        return held.join(' ');
      };
      expect(await relations('second')).toBe('=');
      expect(await relations('secone')).toBe('!= <');
      expect(await relations('secon')).toBe('!= >');
      expect(await relations('')).toBe('!= >');
      expect(await relations('\u{1F600}')).toBe('!= <');
      expect(await chosen({ key: 'a', property: 'exists', operand: true })).toBe(true);
      expect(await chosen({ key: 'a', property: 'exists', operand: false })).toBe(false);
      expect(await chosen({ key: 'a', property: 'lease', operand: null })).toBe(true);
      expect(await chosen({ key: 'a', property: 'lease', operand: '7' })).toBe(false);
      expect(
        await chosen({ key: 'a', property: 'version', operand: 2 }, { key: 'b', property: 'version', operand: 2 }),
      ).toBe(false);
      expect(await chosen()).toBe(true);
    });

    it('[TX1] compare a missing key as zeros, and its value as related to nothing', async () => {
      const { run } = begin();
      const about = { key: 'a' };
      const chosen = async (compare: object) => (await run({ if: [{ ...about, ...compare }] })).succeeded;
      for (const property of ['createdRevision', 'revision', 'version']) {
        expect(await chosen({ property, operand: 0 })).toBe(true);
        expect(await chosen({ property, is: '<', operand: 1 })).toBe(true);
        expect(await chosen({ property, is: '>', operand: 0 })).toBe(false);
      }
      for (const is of ['=', '!=', '<', '>']) expect(await chosen({ property: 'value', is, operand: '' })).toBe(false);
      expect(await chosen({ property: 'exists', operand: false })).toBe(true);
      expect(await chosen({ property: 'lease', operand: null })).toBe(true);
      expect(await chosen({ property: 'lease', is: '!=', operand: '7' })).toBe(true);
    });

    it('[TX1] compare every entry of a range, and an empty range as a missing key', async () => {
      const { calls, run } = begin();
      for (const key of ['a/1', 'a/2', 'b']) await calls.put(key, 'same');
      await calls.put('a/2', 'same');
      const chosen = async (compare: object) => (await run({ if: [compare] })).succeeded;
      expect(await chosen({ prefix: 'a/', property: 'value', operand: 'same' })).toBe(true);
      expect(await chosen({ prefix: 'a/', property: 'version', operand: 1 })).toBe(false);
      expect(await chosen({ prefix: 'a/', property: 'version', is: '>', operand: 0 })).toBe(true);
      expect(await chosen({ prefix: 'a/', property: 'exists', operand: false })).toBe(false);
      expect(await chosen({ from: 'a/2', to: 'b', property: 'version', operand: 2 })).toBe(true);
      expect(await chosen({ from: 'b', to: 'a', property: 'version', operand: 0 })).toBe(true);
      expect(await chosen({ prefix: 'none', property: 'value', is: '!=', operand: '' })).toBe(false);
      await calls.put('a/1', 'longer value');
      expect(await chosen({ prefix: 'a/', property: 'value', operand: 'same' })).toBe(false);
      expect(await chosen({ prefix: 'a/', property: 'value', is: '!=', operand: 'other' })).toBe(true);
      expect(await chosen({ prefix: 'a/', property: 'value', is: '<', operand: 'same' })).toBe(false);
    });

    it('[TX2, KV2] make one revision, and none if nothing changes', async () => {
      const { scene, calls, run, results } = begin();
      await calls.put('a', 'first');
      await calls.put('gone', '');
      const report = await run({
        do: [put('a'), put('b'), { op: 'delete', key: 'gone' }, { op: 'delete', key: 'never' }],
      });
      expect(report).toMatchObject({ succeeded: true, revision: 3, cursor: await scene.cursor() });
      expect(shortResults(report.results)).toEqual(['+a@3v2', '+b@3v1', '-1', '-0']);
      expect(await calls.read('a')).toMatchObject({ createdRevision: 1, revision: 3, version: 2 });
      expect(await calls.read('b')).toMatchObject({ createdRevision: 3, revision: 3, version: 1 });
      expect(await calls.keys()).toEqual(['a', 'b']);
      expect(await results({ do: [range(), { op: 'delete', prefix: 'none' }], else: [put('a')] })).toEqual([
        ['a=a', 'b=b'],
        '-0',
      ]);
      expect((await run({})).revision).toBe(3);
      expect(await scene.cursor()).toBe(report.cursor);
      expect((await run({ do: [put('a')] })).revision).toBe(4);
    });

    it('[TX3] read in ranges what the operations before have changed', async () => {
      const { calls, results } = begin();
      for (const key of ['a', 'c', 'e']) await calls.put(key, 'old');
      expect(
        await results({
          do: [
            range(),
            put('b', 'new'),
            put('c', 'new'),
            put('z', 'new'),
            { op: 'delete', from: 'd', to: 'f' },
            range(),
            range('', { descending: true, limit: 2 }),
            range('', { order: 'version', descending: true, limit: 1 }),
            { op: 'range', key: 'e' },
            { op: 'range', key: 'b' },
          ],
        }),
      ).toEqual([
        ['a=old', 'c=old', 'e=old'],
        '+b@4v1',
        '+c@4v2',
        '+z@4v1',
        '-1',
        ['a=old', 'b=new', 'c=new', 'z=new'],
        ['z=new', 'c=new', 4],
        ['c=new', 4],
        [],
        ['b=new'],
      ]);
    });

    it('[TX1, TX3] choose the side of a nested transaction by the state before all of it', async () => {
      const { calls, run, results } = begin();
      await calls.put('a', 'old');
      const isNew = { key: 'a', property: 'value', operand: 'new' };
      const nested = { op: 'transaction', if: [isNew], do: [put('then')], else: [range('a'), put('else')] };
      expect(await results({ do: [put('a', 'new'), nested] })).toEqual(['+a@2v2', [false, ['a=new'], '+else@2v1']]);
      expect(await results({ do: [nested] })).toEqual([[true, '+then@3v1']]);
      const other = { key: 'a', property: 'version', operand: 9 };
      const report = await run({ if: [other], do: [put('x')], else: [{ ...nested, do: [nested] }] });
      expect([report.succeeded, shortResults(report.results)]).toEqual([false, [[true, [true, '+then@4v2']]]]);
    });

    it('[TX3] return entries as they were before, and keep values', async () => {
      const { scene, calls, run } = begin();
      await calls.put('a', 'first', {}, 'text/plain');
      await calls.put('b/1', 'one');
      await calls.put('b/2', 'two');
      const previous = true;
      const { results } = await run({
        do: [
          { op: 'put', key: 'a', keepValue: true, previous },
          put('new', '', { previous }),
          { op: 'delete', prefix: 'b/', previous },
          { op: 'range', key: 'a', keysOnly: true },
          range('', { countOnly: true }),
        ],
      });
      expect(results).toMatchObject([
        {
          outcome: 'changed',
          entry: { version: 2, revision: 4 },
          previous: { value: 'first', version: 1, revision: 1 },
        },
        { outcome: 'created', entry: { version: 1, bytes: 0 } },
        {
          deleted: 2,
          previous: [
            { key: 'b/1', value: 'one' },
            { key: 'b/2', value: 'two' },
          ],
        },
        { entries: [{ key: 'a', bytes: 5 }], count: 1 },
        { entries: [], count: 2, more: false },
      ]);
      expect([results[0], results[1]].map((result) => Object.keys(result ?? {}))).toEqual([
        ['op', 'outcome', 'entry', 'previous'],
        ['op', 'outcome', 'entry'],
      ]);
      expect(await calls.read('a')).toMatchObject({ value: 'first', contentType: 'text/plain', version: 2 });
      const cursor = await scene.cursor();
      const refused = run({ do: [put('c'), { op: 'put', key: 'missing', keepValue: true }] });
      await expect(refused).rejects.toEqual(refusal('ENTRY_NOT_FOUND'));
      expect([await scene.cursor(), await calls.keys({ countOnly: true })]).toEqual([cursor, []]);
    });

    it('[TX4] refuse to change a key twice on one side, whichever is carried out', async () => {
      const { scene, calls, run } = begin();
      const cursor = await scene.cursor();
      const nested = (...operations: object[]) => ({ op: 'transaction', do: operations });
      const deleted = (prefix: string) => ({ op: 'delete', prefix });
      const refused: object[][] = [
        [put('a'), put('a')],
        [put('a'), { op: 'delete', key: 'a' }],
        [{ op: 'delete', key: 'a' }, put('a')],
        [deleted(''), put('a')],
        [put('a/b'), deleted('a/')],
        [nested(put('a')), put('a')],
        [put('a'), nested(nested(put('a')))],
        [nested(put('a')), nested(put('a'))],
        [nested(deleted('a')), put('a')],
        [nested(put('a')), nested(deleted('a'))],
        [deleted('a'), { op: 'transaction', else: [put('a')] }],
      ];
      for (const operations of refused) {
        const what = JSON.stringify(operations);
        await expect(run({ do: operations }), what).rejects.toEqual(refusal('INVALID_REQUEST'));
        await expect(run({ else: operations }), what).rejects.toEqual(refusal('INVALID_REQUEST'));
      }
      expect(await scene.cursor()).toBe(cursor);
      const accepted = [
        put('a'),
        put('b'),
        deleted('c'),
        { op: 'delete', key: 'c' },
        {
          op: 'transaction',
          if: [{ key: 'x', property: 'exists', operand: true }],
          do: [put('d')],
          else: [put('d')],
        },
      ];
      await run({ do: accepted, else: accepted });
      expect(await calls.keys()).toEqual(['a', 'b', 'd']);
    });

    it('[TX5] take as many operations and bytes as their limits, and refuse one more', async () => {
      const { scene, run } = begin();
      const most = TRANSACTION_OPERATIONS_MAX_COUNT;
      const compare = { key: 'a', property: 'version', operand: 0 };
      const compares = (count: number) => Array.from({ length: count }, () => compare);
      await run({ if: compares(most), do: puts(most), else: puts(most) });
      await run({ do: [{ op: 'transaction', if: compares(most), do: puts(most - 1) }] });
      const revision = await scene.revision();
      const tooLarge: TransactionInput[] = [
        { if: compares(most + 1) },
        { do: puts(most + 1) },
        { else: puts(most + 1) },
        { do: [{ op: 'transaction', else: puts(most) }] },
        { do: [{ op: 'transaction', if: compares(most) }], if: [compare] },
      ];
      for (const body of tooLarge) {
        // A body is refused by its schema; other surfaces have none.
        expect(() => transactionOf(body)).toThrow(/has more than 128/);
        const unparsed = { if: [], do: [], else: [], ...body } as Transaction; // `as`: too large, not wrong
        await expect(scene.api.transaction(OWNER, unparsed)).rejects.toEqual(refusal('INVALID_REQUEST'));
      }
      const half = 'x'.repeat(512 * 1024);
      const large = [1, 2, 3, 4, 5].map((each) => put(String(each), half));
      await expect(run({ do: large })).rejects.toEqual(refusal('PAYLOAD_TOO_LARGE'));
      await expect(run({ do: [put('a', `${half}x`)] })).rejects.toEqual(refusal('PAYLOAD_TOO_LARGE'));
      expect(await scene.revision()).toBe(revision);
    });

    it('[TX7, TX3] change instances and entries together, or neither', async () => {
      const { scene, calls, run } = begin();
      await scene.register('a');
      const place = { service: 'orders', address: '10.0.0.9', port: 80 };
      const report = await run({
        do: [
          { op: 'register', id: 'b', ...place },
          put('config', '1'),
          { op: 'deregister', service: 'orders', id: 'a' },
          { op: 'transaction', do: [{ op: 'update', service: 'orders', id: 'b', weight: 3 }] },
        ],
      });
      expect(shortResults(report.results)).toEqual([
        'register b created',
        '+config@2v1',
        'deregister a removed',
        [true, 'update b changed'],
      ]);
      expect(report.results[0]).toMatchObject({ revision: 2 });
      expect([report.revision, (await scene.read('b')).weight, await scene.listed()]).toEqual([2, 3, ['b']]);
      const refused = run({ do: [put('config', '2'), { op: 'register', id: 'b', ...place, ifAbsent: true }] });
      await expect(refused).rejects.toEqual(refusal('REVISION_MISMATCH'));
      expect(await calls.read('config')).toMatchObject({ value: '1' });
      const foreign = { do: [put('config', '2'), { op: 'deregister', service: 'orders', id: 'b' }] };
      await expect(transact(scene.api, foreign, STRANGER)).rejects.toEqual(refusal('FORBIDDEN'));
      expect((await scene.api.readInstance({ key: keyOf('b') })).cursor).toBe(report.cursor);
      expect((await transact(scene.api, foreign, OPERATOR)).revision).toBe(3);
      expect(await scene.listed()).toEqual([]);
    });

    it('[TX1, GL3] compare leases by id and alias, and put entries that a lease holds', async () => {
      const { scene, run } = begin();
      const leases = new LeaseCalls(scene.api);
      const [one, two] = [await leases.grant({ alias: '77' }), await leases.grant()];
      await run({ do: [put('a', '', { lease: one.id }), put('b', ''), put('c', '', { lease: two.id })] });
      const holding = async (operand: string | null, is = '=') => {
        const held: string[] = [];
        for (const key of ['a', 'b', 'c', 'none']) {
          if ((await run({ if: [{ key, property: 'lease', is, operand }] })).succeeded) held.push(key);
        }
        return held.join(' ');
      };
      expect(await holding(one.id)).toBe('a');
      expect(await holding('77')).toBe('a');
      expect(await holding('78')).toBe('');
      expect(await holding(null)).toBe('b none');
      expect(await holding('77', '!=')).toBe('b c none');
      await run({ do: [{ op: 'put', key: 'a', value: 'x', keepLease: true }, put('c')] });
      expect(await holding(null)).toBe('b c none');
      const foreign = { do: [put('d', '', { lease: one.id })] };
      await expect(transact(scene.api, foreign, STRANGER)).rejects.toEqual(refusal('FORBIDDEN'));
      await transact(scene.api, foreign, OPERATOR);
      await expect(run({ do: [put('e', '', { lease: '78' })] })).rejects.toEqual(refusal('LEASE_NOT_FOUND'));
      expect((await leases.read(one.id)).entries).toEqual([{ key: 'a' }, { key: 'd' }]);
      const { revision } = await run({});
      await leases.revoke(one.id);
      expect((await run({ do: [range()] })).revision).toBe(revision + 1);
      expect(await holding(one.id)).toBe('');
    });

    it('[TX1, I4] of many callers are carried out one after the other', async () => {
      const { calls, run } = begin();
      const increment = async (): Promise<void> => {
        const before = await calls.read('counter').catch(() => null);
        const { succeeded } = await run({
          if: [{ key: 'counter', property: 'revision', operand: before?.revision ?? 0 }],
          do: [put('counter', String(Number(before?.value ?? 0) + 1))],
        });
        if (!succeeded) await increment();
      };
      await Promise.all(Array.from({ length: 10 }, increment));
      expect(await calls.read('counter')).toMatchObject({ value: '10', version: 10 });
    });

    where(capabilities.restarts, () => {
      it('[TX2, I1, KV5] are the same after a restart, each as one revision', async () => {
        const { scene, calls, run } = begin();
        await calls.put('a', 'old');
        const { cursor } = await run({ do: [put('b'), { op: 'delete', key: 'a' }] });
        await run({ do: [put('a'), put('b', 'newer')] });
        await scene.restart();
        expect((await calls.range({ at: cursor })).entries).toMatchObject([{ key: 'b', revision: 2 }]);
        expect((await calls.range()).entries).toMatchObject([
          { key: 'a', revision: 3, createdRevision: 3 },
          { key: 'b', revision: 3, version: 2 },
        ]);
        expect((await calls.history('a')).changes.map(({ revision }) => revision)).toEqual([3, 2, 1]);
      });
    });

    where(capabilities.remembers, () => {
      it('[TX2, I8] write a row for each changed entry and one for the revision', async () => {
        const { scene, run } = begin();
        await run({ do: [put('a')] });
        await run({ do: [put('a')] });
        const before = (await scene.stats()).sinceStart.rowsWritten;
        await run({ do: [put('b'), put('c'), { op: 'delete', key: 'a' }] });
        await run({ do: [range(), { op: 'delete', key: 'a' }] });
        expect((await scene.stats()).sinceStart.rowsWritten - before).toBe(4);
      });
    });
  });
}
