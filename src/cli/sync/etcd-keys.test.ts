import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FakeEtcd } from '../../../test/sync/fake-etcd';
import { byteString, bytesOf } from '../../model/bytes';
import { EtcdHttp } from './etcd-http';
import { EtcdKeys } from './etcd-keys';
import { SourceHttp } from './source-http';

/** Keys of an etcd with a prefix. Their items are their values. */
async function stage({ prefix = '', watchMs = 60_000 } = {}) {
  const etcd = await FakeEtcd.start();
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
    etcd.stop();
  });
  const http = new EtcdHttp(new SourceHttp(etcd.url));
  const keys = new EtcdKeys({ http, prefix, watchMs, read: ({ value }) => byteString(value) });
  const count = (path: string) => etcd.asked.filter((each) => each.path.endsWith(path) && !each.body.count_only).length;
  return {
    etcd,
    keys,
    follow: () => void keys.follow(() => {}, stop.signal),
    ranges: () => count('/range'),
    watches: () => count('/watch'),
  };
}

const until = (holds: () => boolean | Promise<boolean>) => vi.waitUntil(holds, { timeout: 20_000, interval: 1 });

describe('keys of an etcd', () => {
  it('[K21] are those with a prefix, also one of bytes without a successor', async () => {
    const ends = ['a', 'a\0', 'a\xff', 'a\xff\xff', 'b', '\xff', '\xff\xff'];
    for (const [prefix, found] of [
      ['', ends],
      ['a', ['a', 'a\0', 'a\xff', 'a\xff\xff']],
      ['a\xff', ['a\xff', 'a\xff\xff']],
      ['\xff', ['\xff', '\xff\xff']],
    ] as const) {
      const { etcd, keys } = await stage({ prefix });
      for (const key of ends) etcd.put(key, key);
      expect((await keys.read()).map((value) => byteString(bytesOf(value)))).toEqual(found);
    }
  });

  it('[K21] are watched anew from time to time, without a range or a gap', async () => {
    const { etcd, keys, follow, ranges, watches } = await stage({ watchMs: 50 });
    follow();
    // Once the first watch has begun, a read needs no range.
    await until(async () => {
      const before = ranges();
      await keys.read();
      return ranges() === before;
    });
    const before = ranges();
    for (let n = 1; n <= 30; n++) {
      etcd.put('a', String(n));
      await until(async () => (await keys.read()).join() === String(n));
    }
    await until(() => watches() > 3);
    expect(ranges()).toBe(before);
  });

  it('[K21, K29] are read again when a new watch finds another etcd, or an earlier revision', async () => {
    const { etcd, keys, follow } = await stage({ watchMs: 50 });
    for (let n = 1; n <= 9; n++) etcd.put('a', String(n));
    follow();
    await until(() => etcd.watching === 1);
    etcd.replace();
    await until(async () => (await keys.read()).length === 0);
    etcd.put('b', '1');
    await until(async () => (await keys.read()).join() === '1');
  });
});
