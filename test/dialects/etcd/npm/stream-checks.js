import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { acrossRestart, alone, connected, endpoint, etcd3, pause, recorded, together, until } from './harness.js';

const { EtcdLeaseInvalidError, EtcdLockFailedError, NotCampaigningError } = etcd3;

together('leases: grant, put, keep alive and revoke', async ({ etcd, prefix }) => {
  const lease = etcd.lease(60, { autoKeepAlive: false });
  await lease.put(`${prefix}a`).value('1');
  const id = await lease.grant();
  const [kv] = (await etcd.get(`${prefix}a`).exec()).kvs;
  equal(kv.lease, id);
  const answer = await lease.keepaliveOnce();
  deepEqual([answer.ID, answer.TTL], [id, '60']);
  await etcd.put(`${prefix}a`).value('2').ignoreLease();
  equal((await etcd.get(`${prefix}a`).exec()).kvs[0].lease, id);
  const left = await etcd.leaseClient.leaseTimeToLive({ ID: id, keys: true });
  deepEqual([left.grantedTTL, left.keys.map(String)], ['60', [`${prefix}a`]]);
  await lease.revoke();
  equal(await etcd.get(`${prefix}a`).exists(), false);
  equal((await etcd.leaseClient.leaseTimeToLive({ ID: id })).TTL, '-1');
  await lease.revoke();
});

together('leases: keep-alives keep it, a revoke elsewhere loses it', async ({ etcd, prefix }) => {
  const lease = etcd.lease(2);
  let kept = 0;
  lease.on('keepaliveSucceeded', () => {
    kept += 1;
  });
  const lost = once(lease, 'lost');
  await lease.put(`${prefix}a`).value('1');
  await pause(4_000);
  ok(kept >= 3);
  equal(await etcd.get(`${prefix}a`).exists(), true);
  await etcd.leaseClient.leaseRevoke({ ID: await lease.grant() });
  const [error] = await lost;
  ok(error instanceof EtcdLeaseInvalidError);
  equal(lease.revoked(), true);
  await rejects(lease.keepaliveOnce(), EtcdLeaseInvalidError);
});

together('leases: one that is released expires', async ({ etcd, prefix }) => {
  const lease = etcd.lease(2);
  await lease.put(`${prefix}a`).value('1');
  const watcher = await etcd.watch().key(`${prefix}a`).withPreviousKV().create();
  const seen = recorded(watcher);
  lease.release();
  await until('it expires', () => seen.length > 0);
  deepEqual(seen, ['delete a,was 1']);
  await rejects(
    etcd
      .put(`${prefix}b`)
      .value('1')
      .lease(await lease.grant())
      .exec(),
    EtcdLeaseInvalidError,
  );
  await watcher.cancel();
});

together('watches: puts and deletes in order, with previous pairs', async ({ etcd, prefix }) => {
  const watcher = await etcd.watch().prefix(prefix).withPreviousKV().create();
  const seen = recorded(watcher);
  const responses = [];
  watcher.on('data', ({ events }) => responses.push(events.length));
  await etcd.put(`${prefix}a`).value('1');
  await etcd.put(`${prefix}a`).value('2');
  await etcd.delete().key(`${prefix}a`);
  await etcd
    .if('absent', 'Version', '==', 0)
    .then(etcd.put(`${prefix}b`).value('1'), etcd.put(`${prefix}c`).value('1'))
    .commit();
  await until('all events are there', () => seen.length >= 5);
  deepEqual(seen, ['put a=1', 'put a=2,was 1', 'delete a,was 2', 'put b=1', 'put c=1']);
  deepEqual(responses, [1, 1, 1, 2]);
  await watcher.cancel();
});

together('watches: filters, and several on one stream', async ({ etcd, prefix }) => {
  const puts = await etcd.watch().prefix(prefix).only('put').create();
  const deletes = await etcd.watch().prefix(prefix).only('delete').create();
  const range = await etcd
    .watch()
    .inRange({ start: `${prefix}b`, end: `${prefix}c` })
    .create();
  const seen = [recorded(puts), recorded(deletes), recorded(range)];
  await etcd.put(`${prefix}a`).value('1');
  await etcd.put(`${prefix}b`).value('1');
  await etcd.delete().key(`${prefix}a`);
  await until('all events are there', () => seen.flat().length >= 4);
  deepEqual(seen, [['put a=1', 'put b=1'], ['delete a'], ['put b=1']]);
  await deletes.cancel();
  await etcd.delete().key(`${prefix}b`);
  await until('the others continue', () => seen[2].length === 2);
  deepEqual(seen, [['put a=1', 'put b=1'], ['delete a'], ['put b=1', 'delete b']]);
  await Promise.all([puts.cancel(), range.cancel()]);
});

together('watches: from the past and from the future', async ({ etcd, prefix }) => {
  const { header } = await etcd.put(`${prefix}a`).value('1');
  await etcd.put(`${prefix}a`).value('2');
  // The events may come in the same turn as the confirmation, which `create` waits for.
  const past = etcd.watch().prefix(prefix).startRevision(header.revision).watcher();
  const seen = recorded(past);
  const future = await etcd.watch().prefix(prefix).startRevision('999999999').create();
  const none = recorded(future);
  await etcd.put(`${prefix}a`).value('3');
  await until('all events are there', () => seen.length >= 3);
  deepEqual([seen, none], [['put a=1', 'put a=2', 'put a=3'], []]);
  ok(past.lastRevision() >= Number(header.revision) + 2);
  await Promise.all([past.cancel(), future.cancel()]);
});

alone('watches: a compacted start is an error, and others continue', async ({ etcd, prefix }) => {
  const other = await etcd.watch().prefix(prefix).create();
  const seen = recorded(other);
  const { header } = await etcd.put(`${prefix}a`).value('1');
  await etcd.put(`${prefix}a`).value('2');
  await etcd.kv.compact({ revision: Number(header.revision) + 1 });
  const late = etcd.watch().prefix(prefix).startRevision(header.revision).watcher();
  const [error] = await once(late, 'error');
  ok(String(error).includes('Watcher canceled'), String(error));
  await etcd.put(`${prefix}a`).value('3');
  await until('the other continues', () => seen.length === 3);
  await other.cancel();
});

together('watches: a connection that is cut loses nothing', async ({ prefix }) => {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set();
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [near, far].map((each) => each.destroy()));
    }
  });
  proxy.listen(0, hostname.replace(/[[\]]/g, ''));
  await once(proxy, 'listening');
  const through = connected({ hosts: endpoint.replace(`:${port}`, `:${proxy.address().port}`) });
  const direct = connected();
  const watcher = await through.watch().prefix(prefix).create();
  const seen = recorded(watcher);
  await direct.put(`${prefix}a`).value('1');
  await until('the first event comes', () => seen.length === 1);
  for (const round of [0, 1]) {
    const cut = once(watcher, 'disconnected');
    for (const socket of sockets) socket.destroy();
    await cut;
    await direct.put(`${prefix}a`).value(`while cut ${round}`);
    await direct.delete().key(`${prefix}a`);
    await until('it catches up', () => seen.length === 3 + 2 * round);
  }
  deepEqual(seen, ['put a=1', 'put a=while cut 0', 'delete a', 'put a=while cut 1', 'delete a']);
  await watcher.cancel();
  through.close();
  direct.close();
  proxy.close();
});

together('locks: exclude others until they are released', async ({ etcd, prefix }) => {
  const [one, other] = [etcd.lock(`${prefix}lock`), etcd.lock(`${prefix}lock`).ttl(5)];
  await one.acquire();
  await rejects(other.acquire(), EtcdLockFailedError);
  await one.release();
  equal(await other.do(async () => await etcd.get(`${prefix}lock`).exists()), true);
  equal(await etcd.get(`${prefix}lock`).exists(), false);
});

together('elections: campaign, observe, proclaim and resign', async ({ etcd, prefix }) => {
  const election = etcd.namespace(prefix).election('boss', 5);
  equal(await election.leader(), undefined);
  const observer = await election.observe();
  const changes = [];
  observer.on('change', (value) => changes.push(value));
  const one = election.campaign('one');
  await one.wait();
  const other = election.campaign('other');
  let elected = false;
  const won = other.wait().then(() => {
    elected = true;
  });
  await until('the leader is observed', () => observer.leader() === 'one');
  await one.proclaim('one again');
  await until('the proclamation is observed', () => observer.leader() === 'one again');
  equal(elected, false);
  await one.resign();
  await won;
  await until('the successor is observed', () => observer.leader() === 'other');
  equal(await election.leader(), 'other');
  await rejects(one.proclaim('late'), NotCampaigningError);
  await observer.cancel();
  await other.resign();
});

acrossRestart('restart: keys, watches and leases continue', async ({ etcd, prefix, restart }) => {
  const lease = etcd.lease(10);
  let lost = false;
  lease.on('lost', () => {
    lost = true;
  });
  await lease.put(`${prefix}leased`).value('1');
  const watcher = await etcd.watch().prefix(prefix).create();
  const seen = recorded(watcher);
  await etcd.put(`${prefix}a`).value('1');
  await until('the first event comes', () => seen.length === 1);
  await restart();
  // The client refuses calls for some seconds after three failures.
  await until('it is reached again', () =>
    etcd
      .put(`${prefix}a`)
      .value('2')
      .then(
        () => true,
        () => false,
      ),
  );
  await until('its events come', () => seen.includes('put a=2'));
  equal(seen[0], 'put a=1');
  equal(lost, false);
  equal(await etcd.get(`${prefix}leased`).string(), '1');
  await lease.revoke();
  await until('the revoke is seen', () => seen.at(-1) === 'delete leased');
  await watcher.cancel();
});
