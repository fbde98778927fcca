import { deepEqual, equal, rejects } from 'node:assert/strict';
import { alone, connected, credentials, etcd3, together } from './harness.js';

const { EtcdAuthenticationFailedError, GRPCOutOfRangeError } = etcd3;

alone('keys: puts, gets of each form, and deletes', async ({ etcd, prefix }) => {
  equal(await etcd.get(`${prefix}a`), null);
  const { header } = await etcd.put(`${prefix}a`).value('1');
  equal(await etcd.get(`${prefix}a`).string(), '1');
  equal(await etcd.get(`${prefix}a`).number(), 1);
  deepEqual(await etcd.get(`${prefix}a`).buffer(), Buffer.from('1'));
  equal(await etcd.get(`${prefix}a`).exists(), true);
  const before = await etcd.put(`${prefix}a`).value('{"b":2}').getPrevious();
  deepEqual([String(before.value), before.version, before.mod_revision], ['1', '1', header.revision]);
  deepEqual(await etcd.get(`${prefix}a`).json(), { b: 2 });
  const touched = await etcd.put(`${prefix}a`).touch();
  equal(Number(touched.header.revision), Number(header.revision) + 2);
  const bytes = Buffer.from([0, 255, 254, 10]);
  await etcd.put(bytes).value(bytes);
  deepEqual(await etcd.get(bytes).buffer(), bytes);
  await etcd.delete().key(bytes);
  const deleted = await etcd.delete().key(`${prefix}a`).getPrevious();
  deepEqual(
    deleted.map(({ value, version }) => [String(value), version]),
    [['{"b":2}', '3']],
  );
  equal((await etcd.delete().key(`${prefix}a`)).deleted, '0');
  equal((await etcd.delete().prefix(prefix).exec()).header.revision, String(Number(header.revision) + 5));
});

alone('keys: lists with prefix, range, order and limit', async ({ etcd, prefix }) => {
  for (const [key, value] of [
    ['b', 2],
    ['c', 1],
    ['a', 3],
    ['c', 9],
  ])
    await etcd.put(prefix + key).value(value);
  const all = () => etcd.getAll().prefix(prefix);
  const names = async (builder) => (await builder.keys()).map((key) => key.slice(prefix.length)).join(' ');
  deepEqual(await all().numbers(), { [`${prefix}a`]: 3, [`${prefix}b`]: 2, [`${prefix}c`]: 9 });
  equal(await names(all()), 'a b c');
  equal(await names(all().sort('Key', 'Descend')), 'c b a');
  equal(await names(all().sort('Create', 'Ascend')), 'b c a');
  equal(await names(all().sort('Mod', 'Descend').limit(1)), 'c');
  equal(await names(all().sort('Version', 'Descend').limit(1)), 'c');
  equal(await names(all().sort('Value', 'Ascend')), 'b a c');
  equal(await all().count(), 3);
  const { kvs, more, count } = await all().limit(2).exec();
  deepEqual([kvs.length, more, count], [2, true, '3']);
  equal(await names(etcd.getAll().inRange({ start: `${prefix}a`, end: `${prefix}c` })), 'a b');
  equal(await names(all().serializable(true)), 'a b c');
  const first = kvs[0].create_revision;
  equal(await names(all().minCreateRevision(first)), 'a');
  equal(await names(all().maxModRevision(first)), 'a b');
  deepEqual(
    await all()
      .revision(Number(first) - 1)
      .strings(),
    { [`${prefix}b`]: '2', [`${prefix}c`]: '1' },
  );
  await rejects(
    all()
      .revision(Number(first) + 1_000)
      .exec(),
    GRPCOutOfRangeError,
  );
});

alone('keys: reads of compacted revisions are refused', async ({ etcd, prefix }) => {
  const { header } = await etcd.put(`${prefix}a`).value('1');
  await etcd.put(`${prefix}a`).value('2');
  const revision = Number(header.revision);
  await etcd.kv.compact({ revision: revision + 1 });
  await rejects(etcd.get(`${prefix}a`).revision(revision).exec(), /required revision has been compacted/);
  equal(
    await etcd
      .get(`${prefix}a`)
      .revision(revision + 1)
      .string(),
    '2',
  );
});

together('namespaces: one in another', async ({ etcd, prefix }) => {
  const inner = etcd.namespace(prefix).namespace('in/');
  await inner.put('a').value('1');
  deepEqual(await inner.getAll().strings(), { a: '1' });
  equal(await etcd.get(`${prefix}in/a`), '1');
  await inner.delete().all();
  equal(await inner.get('a').exists(), false);
});

together('transactions: both branches', async ({ etcd, prefix }) => {
  const key = `${prefix}a`;
  const create = () =>
    etcd
      .if(key, 'Create', '==', 0)
      .then(etcd.put(key).value('new'), etcd.get(key))
      .else(etcd.get(key), etcd.put(`${prefix}else`).value('x'))
      .commit();
  const first = await create();
  deepEqual(
    [first.succeeded, first.responses.map(({ response }) => response)],
    [true, ['response_put', 'response_range']],
  );
  const second = await create();
  equal(second.succeeded, false);
  equal(String(second.responses[0].response_range.kvs[0].value), 'new');
  const of = async (column, sign, value) => (await etcd.if(key, column, sign, value).commit()).succeeded;
  deepEqual(
    await Promise.all([
      of('Value', '===', 'new'),
      of('Value', '!==', 'new'),
      of('Version', '>', 0),
      of('Version', '<', 1),
      of('Lease', '==', 0),
    ]),
    [true, false, true, false, true],
  );
  equal(await etcd.get(`${prefix}else`).string(), 'x');
  const several = await etcd
    .if(key, 'Value', '==', 'new')
    .and(key, 'Version', '==', 2)
    .then(etcd.delete().all())
    .commit();
  equal(several.succeeded, false);
});

together('software transactional memory: transfers under conflicts', async ({ etcd, prefix }) => {
  // At one revision: the strictest isolation of this client never commits a change of keys with different ones.
  const [a, b] = [etcd.put(`${prefix}a`).value(100), etcd.put(`${prefix}b`).value(100)];
  await etcd.if(`${prefix}a`, 'Version', '==', 0).then(a, b).commit();
  for (const isolation of [0, 1, 2]) {
    await Promise.all(
      Array.from({ length: 5 }, () =>
        etcd.stm({ retries: 50, isolation }).transact(async (tx) => {
          const [one, other] = [await tx.get(`${prefix}a`).number(), await tx.get(`${prefix}b`).number()];
          await tx.put(`${prefix}a`).value(one - 1);
          await tx.put(`${prefix}b`).value(other + 1);
        }),
      ),
    );
  }
  deepEqual([await etcd.get(`${prefix}a`).number(), await etcd.get(`${prefix}b`).number()], [85, 115]);
});

together('auth: a wrong password is refused, a bad token is renewed', async ({ etcd, prefix }) => {
  const wrong = connected({ auth: { ...credentials, password: `${credentials.password}x` } });
  await rejects(wrong.get('a').exec(), EtcdAuthenticationFailedError);
  wrong.close();
  await etcd.put(`${prefix}a`).value('1');
  const metadata = await etcd.pool.authenticator.getMetadata();
  metadata.set('token', 'bad');
  equal(await etcd.get(`${prefix}a`).string(), '1');
});

together('cluster: members and status', async ({ etcd }) => {
  const { members, header } = await etcd.cluster.memberList({});
  equal(members.length, 1);
  deepEqual([members[0].ID, members[0].name !== ''], [header.member_id, true]);
  const status = await etcd.maintenance.status({});
  deepEqual([status.leader, /^3\.\d+\.\d+/.test(status.version)], [header.member_id, true]);
});
