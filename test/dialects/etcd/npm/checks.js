/**
 * Checks of `etcd3` 1.1.2 of npm against the server that the environment names. Prints one line of JSON for each check. Before
 * the last group it prints `{"need":"restart"}`, and continues when its input has a line.
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';

const clients = createRequire(new URL('../../../clients/package.json', import.meta.url));
const {
  Etcd3,
  EtcdAuthenticationFailedError,
  EtcdLeaseInvalidError,
  EtcdLockFailedError,
  GRPCOutOfRangeError,
  NotCampaigningError,
} = clients('etcd3');
const { ETCD_ENDPOINT: endpoint, ETCD_USER: username, ETCD_PASSWORD: password, ETCD_CA: ca, ETCD_CHECKS } = process.env;

/** Maximum time of a check that waits for something that does not come. */
const CHECK_MAX_MS = 25_000;

const groups = { alone: [], together: [], acrossRestart: [] };
const alone = (name, run) => groups.alone.push([name, run]);
const together = (name, run) => groups.together.push([name, run]);
const acrossRestart = (name, run) => groups.acrossRestart.push([name, run]);

const report = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

async function until(what, holds) {
  const end = Date.now() + CHECK_MAX_MS / 2;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(20);
  }
}

function connected(options = {}) {
  return new Etcd3({
    hosts: endpoint,
    ...(username ? { auth: { username, password } } : {}),
    ...(ca ? { credentials: { rootCertificate: readFileSync(ca) } } : {}),
    ...options,
  });
}

/** Collects the events of a watcher, as `put a=1` and `delete a`, with the previous value after a comma. */
function recorded(watcher) {
  const seen = [];
  const shown = (previous) => (previous ? `,was ${previous.value}` : '');
  const nameOf = ({ key }) => String(key).split('/').at(-1);
  watcher.on('put', (kv, previous) => seen.push(`put ${nameOf(kv)}=${kv.value}${shown(previous)}`));
  watcher.on('delete', (kv, previous) => seen.push(`delete ${nameOf(kv)}${shown(previous)}`));
  return seen;
}

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

together('auth: a wrong password is refused, a bad token is renewed', async ({ etcd, prefix }) => {
  const wrong = connected({ auth: { username, password: `${password}x` } });
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

async function perform([name, run], restart = async () => {}) {
  const etcd = connected();
  const prefix = `npm/${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}/`;
  const began = Date.now();
  const result = { check: name };
  const late = new Promise((_, reject) => setTimeout(reject, CHECK_MAX_MS, new Error('took too long')).unref());
  try {
    await Promise.race([run({ etcd, prefix, restart }), late]);
  } catch (error) {
    result.failed = String(error?.stack ?? error);
  }
  report({ ...result, ms: Date.now() - began });
  etcd.close();
}

const chosen = (group) => group.filter(([name]) => new RegExp(ETCD_CHECKS ?? '').test(name));
for (const check of chosen(groups.alone)) await perform(check);
await Promise.all(chosen(groups.together).map((check) => perform(check)));
const last = chosen(groups.acrossRestart);
if (last.length > 0) {
  let ready = 0;
  let proceed;
  const restarted = new Promise((resolve) => {
    proceed = resolve;
  });
  const restart = async () => {
    ready += 1;
    if (ready === last.length) {
      report({ need: 'restart' });
      await once(createInterface(process.stdin), 'line');
      proceed();
    }
    await restarted;
  };
  await Promise.all(last.map((check) => perform(check, restart)));
}
process.exit(0);
