import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b } from '../../../test/fixtures/etcd-stream';

describe('leases of etcd', () => {
  it('[EG1] have at least two seconds, and the id that the client chose', async () => {
    const stage = new EtcdStage();
    expect(await stage.call('lease/grant', { TTL: 1 })).toMatchObject({ TTL: '2', ID: expect.stringMatching(/^\d+$/) });
    expect(await stage.call('lease/grant', { TTL: -1, ID: '9223372036854775807' })).toMatchObject({
      TTL: '2',
      ID: '9223372036854775807',
    });
    expect(await stage.call('lease/grant', { TTL: 60, ID: -7 })).toMatchObject({ TTL: '60', ID: '-7' });
    expect(await stage.refusal('lease/grant', { TTL: 60, ID: -7 })).toBe('400 9 etcdserver: lease already exists');
    expect(await stage.refusal('lease/grant', { TTL: '9000000001' })).toBe('400 11 etcdserver: too large lease TTL');
    const { leases } = await stage.call('lease/leases');
    expect(leases.map(({ ID }: { ID: string }) => ID).slice(-1)).toEqual(['-7']);
    expect(leases).toHaveLength(3);
  });

  it('[EG2] are kept alive, and delete their keys at one revision when they end', async () => {
    const stage = new EtcdStage();
    await stage.call('lease/grant', { TTL: 10, ID: 5 });
    for (const key of ['k/2', 'k/1']) await stage.call('kv/put', { key: b(key), lease: 5 });
    await stage.call('kv/put', { key: b('k/2') });
    await stage.call('kv/put', { key: b('k/3'), lease: '5' });
    expect(await stage.call('lease/timetolive', { ID: 5, keys: true })).toMatchObject({
      ID: '5',
      TTL: '10',
      grantedTTL: '10',
      keys: [b('k/1'), b('k/3')],
    });
    await stage.namespace.pass(7_500);
    expect(await stage.call('lease/timetolive', { ID: 5 })).toMatchObject({ TTL: '2' });
    expect(await stage.call('lease/keepalive', { ID: 5 })).toMatchObject({ result: { ID: '5', TTL: '10' } });
    await stage.namespace.pass(7_500);
    const watch = await stage.stream('watch', { create_request: { key: b('k'), range_end: b('l') } });
    expect(await watch.next()).toMatchObject({ created: true });
    await stage.namespace.pass(60_000);
    expect(await watch.next()).toMatchObject({
      header: { revision: '6' },
      events: [
        { type: 'DELETE', kv: { key: b('k/1'), mod_revision: '6' } },
        { type: 'DELETE', kv: { key: b('k/3'), mod_revision: '6' } },
      ],
    });
    await watch.close();
    const { result } = await stage.call('lease/keepalive', { ID: 5 });
    expect(result).toEqual({ header: expect.objectContaining({ revision: '6' }), ID: '5' });
    expect(await stage.call('lease/timetolive', { ID: 5 })).toMatchObject({ ID: '5', TTL: '-1' });
    expect(await stage.refusal('lease/revoke', { ID: 5 })).toBe('404 5 etcdserver: requested lease not found');
    expect(await stage.refusal('kv/put', { key: b('x'), lease: 5 })).toBe(
      '404 5 etcdserver: requested lease not found',
    );
  });

  it('are revoked without a revision if they hold nothing', async () => {
    const stage = new EtcdStage();
    await stage.call('lease/grant', { TTL: 60, ID: 1 });
    expect(await stage.call('kv/lease/revoke', { ID: 1 })).toMatchObject({ header: { revision: '1' } });
    await stage.call('lease/grant', { TTL: 60, ID: 1 });
    await stage.call('kv/put', { key: b('k'), lease: 1 });
    expect(await stage.call('lease/revoke', { ID: 1 })).toMatchObject({ header: { revision: '3' } });
    expect(await stage.call('kv/range', { key: b('k') })).not.toHaveProperty('kvs');
  });

  it('answers several keepalives in their order, and ends with the body', async () => {
    const stage = new EtcdStage();
    await stage.call('lease/grant', { TTL: 60, ID: 2 });
    const stream = await stage.stream('lease/keepalive', { ID: 1 }, { ID: 2 }, { ID: 3 });
    expect(await stream.next()).toMatchObject({ ID: '1' });
    expect(await stream.next()).toMatchObject({ ID: '2', TTL: '60' });
    expect(await stream.next()).toMatchObject({ ID: '3' });
    expect(await stream.next()).toBeUndefined();
  });
});
