import { create } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { OWNER } from '../../../test/fixtures/callers';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b } from '../../../test/fixtures/etcd-stream';
import { eachRow } from '../../../test/fixtures/every-row';
import { transact } from '../../../test/fixtures/transaction-calls';
import { RangeRequest_SortOrder, RangeRequest_SortTarget, RangeRequestSchema } from '../../codecs/etcd/messages/rpc_pb';
import { utf8Bytes, utf8Text } from '../../model/bytes';
import { PAST_ENTRIES_VISITED_MAX_COUNT, PAST_RANGE_STEPS_MAX_COUNT, PAST_SLICE_MAX_COUNT } from '../../model/limits';
import { calledNamespace } from './called-namespace';
import { readRange } from './ranges';

const ALL = { key: b('\0'), range_end: b('\0') };

const nameOf = (index: number): string => `k${String(index).padStart(6, '0')}`;

/** Puts entries with the names of numbers from `from` up to `to`, in transactions of at most `each`. */
async function fill(stage: EtcdStage, from: number, to: number, value = '', each = 128): Promise<void> {
  for (let at = from; at < to; at += each) {
    const puts = Array.from({ length: Math.min(each, to - at) }, (_, index) => {
      return { op: 'put', key: nameOf(at + index), value };
    });
    await transact(stage.namespace.api, { do: puts });
  }
}

/** Returns the names of the first and the last key of a range, their number, the count, and whether there are more. */
async function read(stage: EtcdStage, request: object): Promise<unknown[]> {
  const { kvs = [], count = '0', more = false } = await stage.call('kv/range', { ...ALL, ...request });
  const keys = kvs.map(({ key }: { key: string }) => atob(key));
  return [keys[0], keys.at(-1), keys.length, count, more];
}

describe('ranges of the past', () => {
  const stage = new EtcdStage();
  const kept = PAST_ENTRIES_VISITED_MAX_COUNT + 1;
  const changed = PAST_RANGE_STEPS_MAX_COUNT * PAST_SLICE_MAX_COUNT + 10;
  /** The revision before the first keys were put. */
  let revision: number;

  beforeAll(async () => {
    await fill(stage, changed, changed + kept);
    revision = Number((await stage.call('kv/range', ALL)).header.revision);
    await fill(stage, 0, changed);
  });

  const [first, second] = [nameOf(changed), nameOf(changed + 1)];
  const last = nameOf(changed + kept - 1);

  it('[EK8] are read to their end, however many keys have changed since', () =>
    eachRow(
      [
        [{}, [first, last, kept, String(kept), false]],
        [{ sort_order: 'DESCEND' }, [last, first, kept, String(kept), false]],
        [{ min_mod_revision: 1 }, [first, last, kept, String(kept), false]],
        [{ limit: 2 }, [first, second, 2, String(kept), true]],
        [{ limit: kept }, [first, last, kept, String(kept), false]],
        [{ range_end: b(first) }, [undefined, undefined, 0, '0', false]],
        [{ range_end: b(`${nameOf(changed - 11)}\0`) }, [undefined, undefined, 0, '0', false]],
      ],
      async (request, expected) => {
        expect(await read(stage, { ...request, revision, keys_only: true })).toEqual(expected);
      },
    ));

  it('[EK8] with a limit count all keys', async () => {
    const request = { key: b(first), revision, keys_only: true };
    expect(await read(stage, { ...request, limit: 2 })).toEqual([first, second, 2, String(kept), true]);
    expect(await read(stage, { ...request, limit: 1, sort_target: 'VERSION' })).toEqual([
      first,
      first,
      1,
      String(kept),
      true,
    ]);
  });
});

it('[EK8] ranges with a limit are read up to it, even if the rest is too large', async () => {
  const stage = new EtcdStage();
  await fill(stage, 0, 170, 'x'.repeat(100 * 1024), 10);
  // Without the encoding as JSON, which takes seconds.
  const permissions = { carryOut: () => {}, read: () => {}, hold: () => {}, operate: () => {} };
  const namespace = calledNamespace({
    id: 'public',
    calls: stage.namespace.api,
    caller: OWNER,
    grants: [],
    permissions,
    openSocket: () => Promise.reject(new Error('not in this test')),
  });
  const all = { key: utf8Bytes('\0'), rangeEnd: utf8Bytes('\0') };
  const range = (request: object) => readRange(namespace, create(RangeRequestSchema, { ...all, ...request }));
  await expect(range({})).rejects.toThrow('request is too large');
  await eachRow(
    [
      [{ limit: 100n }, 0, 99],
      [{ limit: 100n, sortOrder: RangeRequest_SortOrder.DESCEND }, 169, 70],
      [{ limit: 100n, sortTarget: RangeRequest_SortTarget.MOD }, 0, 99],
    ],
    async (request, first, last) => {
      const { kvs, count, more } = await range(request);
      const names = [kvs[0], kvs.at(-1)].map((each) => each && utf8Text(each.key));
      expect([names, kvs.length, count, more]).toEqual([[nameOf(first), nameOf(last)], 100, 170n, true]);
    },
  );
});
