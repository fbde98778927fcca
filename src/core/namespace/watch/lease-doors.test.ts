import { describe, expect, it } from 'vitest';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import type {
  GrantedLeaseDetail,
  GrantedLeaseList,
  GrantedLeaseView,
  LeaseRenewalReport,
} from '../../../model/granted-lease';
import type { TransactionReport } from '../../../model/transaction-report';

/** The largest number that a client of etcd can choose, as unsigned; also with a native lease of the same alias. */
const ALIAS = '18446744073709551615';

async function begin() {
  const stage = new WatchStage();
  const client = stage.connect();
  const grant = (more: object) => client.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: 60_000, ...more });
  const transact = (transaction: object) => client.ask<TransactionReport>({ type: 'transaction', transaction });
  const native = await grant({ alias: ALIAS });
  const etcd = await grant({ alias: ALIAS, door: 'etcd' });
  return { stage, client, grant, transact, native, etcd, entries: new EntryCalls(stage.namespace.registry) };
}

describe('frames with a door', () => {
  it('[W34, GL4] find the lease that a client of that surface has named', async () => {
    const { client, native, etcd } = await begin();
    const named = { lease: ALIAS, door: 'etcd' };
    expect(etcd).toMatchObject({ alias: ALIAS, door: 'etcd' });
    expect(await client.ask<GrantedLeaseDetail>({ type: 'read-lease', ...named })).toMatchObject({ id: etcd.id });
    expect(await client.ask<GrantedLeaseDetail>({ type: 'read-lease', lease: ALIAS })).toMatchObject({ id: native.id });
    const renewed = { type: 'renew-leases', leases: [named, { lease: ALIAS }, { lease: ALIAS, door: 'consul' }] };
    const report = await client.ask<LeaseRenewalReport>(renewed);
    expect([report.renewed.length, report.unknown]).toEqual([2, [ALIAS]]);
    await client.ask({ type: 'revoke-lease', ...named });
    await expect(client.ask({ type: 'read-lease', ...named })).rejects.toThrow('LEASE_NOT_FOUND');
    await client.ask({ type: 'read-lease', lease: ALIAS });
    await expect(client.ask({ type: 'read-lease', lease: ALIAS, door: 'other' })).rejects.toThrow('INVALID_REQUEST');
  });

  it('[W34] list the leases of a surface, in pages', async () => {
    const { client, grant, native, etcd } = await begin();
    const more = await grant({ door: 'etcd' });
    const list = (options: object) => client.ask<GrantedLeaseList>({ type: 'list-leases', ...options });
    const ids = ({ leases }: GrantedLeaseList) => leases.map(({ id }) => id);
    const ofEtcd = [etcd.id, more.id].sort((a, b) => Number(a) - Number(b));
    expect(ids(await list({ door: 'etcd' }))).toEqual(ofEtcd);
    expect(ids(await list({}))).toContain(native.id);
    const first = await list({ door: 'etcd', limit: 1 });
    expect(first.next).toBe(ofEtcd[0]);
    expect(ids(await list({ door: 'etcd', limit: 1, after: first.next }))).toEqual(ofEtcd.slice(1));
  });

  it('[W34, GL4] put, lock and compare with the lease of that surface', async () => {
    const { transact, etcd, native } = await begin();
    const put = (key: string, more: object) => ({ op: 'put', key, value: 'v', ...more });
    await transact({ do: [put('a', { lease: ALIAS, door: 'etcd', acquire: ALIAS }), put('b', { lease: ALIAS })] });
    const compare = (key: string, door?: string) => ({ key, property: 'lease', operand: ALIAS, door });
    const held = async (...condition: object[]) => (await transact({ if: condition })).succeeded;
    expect(await held(compare('a', 'etcd'), compare('b'))).toBe(true);
    expect([await held(compare('a')), await held(compare('b', 'etcd'))]).toEqual([false, false]);
    const { results } = await transact({ do: [{ op: 'range', prefix: '' }] });
    expect(results).toMatchObject([
      {
        entries: [
          { key: 'a', lease: etcd.id, lock: { lease: etcd.id } },
          { key: 'b', lease: native.id },
        ],
      },
    ]);
  });
});

describe('the alias of the lease of an entry', () => {
  it('[KV16] is in answers, in the past and in frames, also of the end of the lease and after a restart', async () => {
    const { stage, client, transact, entries } = await begin();
    const put = (key: string, more: object) => ({ op: 'put', key, value: 'v', ...more });
    const scope = { keys: [{ prefix: '' }] };
    await client.ask({ type: 'watch', watch: 'w', scope, fromNow: true, previous: true });
    const alias = { leaseAlias: ALIAS, leaseDoor: 'etcd' };
    const [made] = (await transact({ do: [put('k', { lease: ALIAS, door: 'etcd' })] })).results;
    expect(made).toMatchObject({ entry: alias });
    await transact({ do: [put('k', { keepLease: true })] });
    expect(client.takeOnly('changes').flatMap(({ changes }) => changes)).toMatchObject([
      { type: 'put', after: alias, before: null },
      { type: 'put', after: alias, before: alias },
    ]);
    await stage.namespace.restart();
    expect(await entries.read('k')).toMatchObject(alias);
    const late = stage.connect();
    const { revision } = stage.namespace.state.journal;
    await late.ask({ type: 'watch', watch: 'w', scope, fromNow: true, previous: true });
    await late.ask({ type: 'revoke-lease', lease: ALIAS, door: 'etcd' });
    await settle();
    const [ended] = late.takeOnly('changes').flatMap(({ changes }) => changes);
    expect(ended).toMatchObject({ type: 'delete', key: 'k', before: alias });
    const calls = new EntryCalls(stage.namespace.registry);
    expect(await calls.read('k', `r${revision}`)).toMatchObject(alias);
    expect((await calls.history('k')).changes[0]?.before).toMatchObject(alias);
  });

  it('[KV16] is absent without a lease, without an alias, and for leases of this API', async () => {
    const { grant, transact } = await begin();
    const { id } = await grant({ door: 'etcd' });
    const put = (key: string, more: object) => ({ op: 'put', key, value: 'v', ...more });
    await transact({
      do: [put('a', { lease: ALIAS, door: 'etcd' }), put('b', { lease: ALIAS }), put('c', { lease: id })],
    });
    await transact({ do: [put('a', {})] });
    const [range] = (await transact({ do: [{ op: 'range', prefix: '' }] })).results;
    const found = range?.op === 'range' ? range.entries : [];
    expect(found.map(({ key, leaseAlias, leaseDoor }) => [key, leaseAlias, leaseDoor])).toEqual([
      ['a', undefined, undefined],
      ['b', undefined, undefined],
      ['c', undefined, undefined],
    ]);
  });
});
