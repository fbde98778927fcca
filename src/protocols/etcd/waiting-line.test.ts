import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b } from '../../../test/fixtures/etcd-stream';

const NAME = b('jobs');

/** Grants leases with these ids. */
async function withLeases(...ids: number[]): Promise<EtcdStage> {
  const stage = new EtcdStage();
  for (const ID of ids) await stage.call('lease/grant', { TTL: 60, ID });
  return stage;
}

/** Waits until a line has this many places. */
const untilWaiting = (stage: EtcdStage, count: number) =>
  expect
    .poll(
      async () => (await stage.call('kv/range', { key: b('jobs/'), range_end: b('jobs0'), count_only: true })).count,
    )
    .toBe(String(count));

describe('locks of etcd', () => {
  it('[EE1] are held by the key that was created first, with the lease in its name, and pass on when it is deleted', async () => {
    const stage = await withLeases(26, 27, 28);
    expect(await stage.call('lock/lock', { name: NAME, lease: 26 })).toMatchObject({ key: b('jobs/1a') });
    expect(await stage.call('lock/lock', { name: NAME, lease: 26 }), 'again').toMatchObject({ key: b('jobs/1a') });
    const order: string[] = [];
    const second = stage.call('lock/lock', { name: NAME, lease: 27 }).then(({ key }) => order.push(key));
    await untilWaiting(stage, 2);
    const third = stage.call('lock/lock', { name: NAME, lease: 28 }).then(({ key }) => order.push(key));
    await untilWaiting(stage, 3);
    await stage.call('lock/unlock', { key: b('jobs/1a') });
    await second;
    expect(order).toEqual([b('jobs/1b')]);
    await stage.call('lease/revoke', { ID: 27 });
    await third;
    expect(order).toEqual([b('jobs/1b'), b('jobs/1c')]);
    await expect.poll(() => stage.sockets.size).toBe(0);
  });

  it('get a lease of a minute if they come without one, and are refused with one that does not exist', async () => {
    const stage = await withLeases();
    const { key } = await stage.call('lock/lock', { name: NAME });
    const ID = BigInt(`0x${atob(key).slice('jobs/'.length)}`).toString();
    expect(await stage.call('lease/timetolive', { ID })).toMatchObject({ grantedTTL: '60' });
    expect(await stage.refusal('lock/lock', { name: NAME, lease: 9 })).toBe(
      '404 5 etcdserver: requested lease not found',
    );
  });

  it('lose their place in the line when the client leaves', async () => {
    const stage = await withLeases(1, 2);
    await stage.call('lock/lock', { name: NAME, lease: 1 });
    const client = new AbortController();
    const waiting = stage.send('/v3/lock/lock', { name: NAME, lease: 2 }, { signal: client.signal });
    await untilWaiting(stage, 2);
    client.abort();
    await waiting.catch(() => {});
    await untilWaiting(stage, 1);
    await expect.poll(() => stage.sockets.size).toBe(0);
  });

  it('are refused if the lease of a waiting client ends', async () => {
    const stage = await withLeases(1, 2);
    await stage.call('lock/lock', { name: NAME, lease: 1 });
    const waiting = stage.refusal('lock/lock', { name: NAME, lease: 2 });
    await untilWaiting(stage, 2);
    await stage.call('lease/revoke', { ID: 2 });
    await stage.call('lock/unlock', { key: b('jobs/1') });
    expect(await waiting).toBe('500 2 mutex: session is expired');
  });
});

describe('elections of etcd', () => {
  it('[EE2] elect the candidate that was first, who proclaims, and resigns', async () => {
    const stage = await withLeases(1, 2);
    expect(await stage.refusal('election/leader', { name: NAME })).toBe('500 2 election: no leader');
    const observed = stage.stream('election/observe', { name: NAME });
    const { leader } = await stage.call('election/campaign', { name: NAME, lease: 1, value: b('one') });
    expect(leader).toEqual({ name: NAME, key: b('jobs/1'), rev: '2', lease: '1' });
    const stream = await observed;
    expect(await stream.next()).toMatchObject({ kv: { key: b('jobs/1'), value: b('one') } });
    const second = stage.call('election/campaign', { name: NAME, lease: 2, value: b('two') });
    await untilWaiting(stage, 2);
    await stage.call('election/proclaim', { leader, value: b('uno') });
    expect(await stream.next()).toMatchObject({ kv: { key: b('jobs/1'), value: b('uno') } });
    expect(await stage.call('election/leader', { name: NAME })).toMatchObject({ kv: { value: b('uno'), lease: '1' } });
    await stage.call('election/resign', { leader });
    expect(await second).toMatchObject({ leader: { key: b('jobs/2'), lease: '2' } });
    expect(await stream.next()).toMatchObject({ kv: { key: b('jobs/2'), value: b('two') } });
    expect(await stage.refusal('election/proclaim', { leader, value: b('x') })).toBe('500 2 election: not leader');
    expect(await stage.call('election/resign', { leader }), 'again').toHaveProperty('header');
    await stream.close();
  });

  it('take another value of a candidate that has a place already', async () => {
    const stage = await withLeases(1);
    await stage.call('election/campaign', { name: NAME, lease: 1, value: b('one') });
    const { leader } = await stage.call('election/campaign', { name: NAME, lease: 1, value: b('two') });
    expect(leader).toMatchObject({ rev: '2' });
    expect(await stage.call('election/leader', { name: NAME })).toMatchObject({
      kv: { value: b('two'), version: '2' },
    });
  });

  it('refuse a request without a leader', async () => {
    const stage = new EtcdStage();
    for (const path of ['election/proclaim', 'election/resign']) {
      expect(await stage.refusal(path, {})).toBe('500 2 "leader" field must be provided');
      expect(await stage.refusal(path, { leader: {} })).toBe('400 3 etcdserver: key is not provided');
    }
  });
});
