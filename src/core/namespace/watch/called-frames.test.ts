import { describe, expect, it } from 'vitest';
import type { Scene } from '../../../../test/contracts/namespace/scene';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import type { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import type { SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { CLOSE_CODES } from '../../../model/frames';
import type { GrantedLeaseDetail, GrantedLeaseView, LeaseRenewalReport } from '../../../model/granted-lease';
import {
  ENTRIES_UNWRITTEN_MAX_BYTES,
  ENTRY_VALUE_MAX_BYTES,
  FRAME_MAX_BYTES,
  HEARTBEAT_INSTANCES_MAX_COUNT,
  SOCKET_ANSWERS_WAITING_MAX_BYTES,
  SOCKET_FRAMES_PENDING_MAX_BYTES,
  SWEEP_SLICE_MAX_COUNT,
  TRANSACTION_MAX_BYTES,
} from '../../../model/limits';
import type { TransactionReport } from '../../../model/transaction-report';

const AT = { address: '10.0.0.1', port: 1 };

/** Frame of a transaction without compares. */
const transaction = (...operations: object[]) => ({ type: 'transaction', transaction: { do: operations } });
const put = (key: string, value: string, more: object = {}) => ({ op: 'put', key, value, ...more });

function begin() {
  const stage = new WatchStage();
  const { namespace, scene, disk } = stage;
  const client = stage.connect();
  const entries = new EntryCalls(scene.api);
  return { stage, namespace, scene, disk, client, entries, leases: new LeaseCalls(scene.api) };
}

/** Returns the short forms of the frames that a client has received: ids of answers, codes of errors, changed keys. */
function received(client: SocketClient): string[] {
  return client.take().map((frame) => {
    if (frame.type === 'answer') return frame.id;
    if (frame.type === 'error') return `${frame.id}: ${frame.code}`;
    if (frame.type !== 'changes') return frame.type;
    return frame.changes
      .map((change) => (change.kind === 'entry' ? `${change.type} ${change.key}` : change.kind))
      .join();
  });
}

/** Registers more instances than one turn removes, and lets all their leases end. */
async function endManyLeases(namespace: NodeNamespace, scene: Scene): Promise<void> {
  const ids = Array.from({ length: SWEEP_SLICE_MAX_COUNT + 10 }, (_, index) => `i${index}`);
  for (let first = 0; first < ids.length; first += 500) {
    await scene.batch(...ids.slice(first, first + 500).map((id) => ({ op: 'register', id, ...AT })));
  }
  await namespace.pass(29_900);
  await namespace.freeze(700);
}

/** Returns the bodies of the answers that a client has received, by their ids. */
function answersOf(client: SocketClient): Map<string, { revision?: number }> {
  // `as`: the test knows the answers
  return new Map(client.takeOnly('answer').map(({ id, body }) => [id, body as { revision?: number }]));
}

describe('a transaction over a socket', () => {
  it('[W32, TX1, TX2] compares, puts, deletes and reads entries as over HTTP', async () => {
    const { client, entries } = begin();
    const swap = {
      if: [{ key: 'color', property: 'version', operand: 0 }],
      do: [put('color', 'green', { contentType: 'text/plain' }), { op: 'put', keyBase64: '/w==', valueBase64: 'AP8=' }],
      else: [{ op: 'range', prefix: '' }],
    };
    const ask = () => client.ask<TransactionReport>({ type: 'transaction', transaction: swap });
    const first = await ask();
    expect(first).toMatchObject({ succeeded: true, revision: 1, results: [{ outcome: 'created' }, { op: 'put' }] });
    expect(await entries.read('color')).toMatchObject({ value: 'green', contentType: 'text/plain' });
    const second = await ask();
    expect(second).toMatchObject({ succeeded: false, revision: 1, cursor: first.cursor });
    expect(second.results).toMatchObject([{ entries: [{ key: 'color' }, { keyBase64: '/w==', valueBase64: 'AP8=' }] }]);
    await client.ask(transaction({ op: 'delete', prefix: 'c' }));
    expect((await entries.range()).entries).toMatchObject([{ keyBase64: '/w==' }]);
  });

  it('[W32, W15] is refused with the id of its frame, and changes nothing', async () => {
    const { stage, client, entries } = begin();
    const errorOf = async (frame: object, at = client) => {
      await at.say({ id: '7', ...frame });
      const [error, ...more] = at.takeOnly('error');
      expect(more).toEqual([]);
      return error;
    };
    const invalid = await errorOf(transaction(put('a', '1'), { op: 'put', key: 'b' }));
    expect(invalid).toMatchObject({ id: '7', code: 'INVALID_REQUEST', errors: [{ path: 'transaction.do.1.value' }] });
    const twice = await errorOf(transaction(put('a', '1'), put('a', '2')));
    expect(twice).toMatchObject({ id: '7', code: 'INVALID_REQUEST' });
    let nested: object = { op: 'range', prefix: '' };
    for (let depth = 0; depth < 400; depth++) nested = { op: 'transaction', do: [nested] };
    expect(await errorOf(transaction(nested))).toMatchObject({ id: '7', code: 'INVALID_REQUEST' });
    expect(await errorOf(transaction(put('a', '1', { lease: '5' })))).toMatchObject({ code: 'LEASE_NOT_FOUND' });
    const reader = stage.connect({ grants: [{ scope: 'read', ns: 'public' }] });
    expect(await errorOf(transaction(put('a', '1')), reader)).toMatchObject({ id: '7', code: 'FORBIDDEN' });
    expect(await entries.keys()).toEqual([]);
    expect(client.socket.closed).toBeUndefined();
  });

  it('[W32, TX5] has room for 2 MiB of values in base64, and for no more', async () => {
    const { client } = begin();
    const values = (bytes: number) => {
      const most = ENTRY_VALUE_MAX_BYTES - 1;
      const count = Math.ceil(bytes / most);
      return Array.from({ length: count }, (_, index) => {
        const size = index === count - 1 ? bytes - most * index : most;
        return { op: 'put', key: String(index), valueBase64: Buffer.alloc(size - 1, 255).toString('base64') };
      });
    };
    await client.ask(transaction(...values(TRANSACTION_MAX_BYTES)));
    await client.say({ id: 'more', ...transaction(...values(TRANSACTION_MAX_BYTES + 1)) });
    expect(received(client)).toEqual(['more: PAYLOAD_TOO_LARGE']);
  });

  it('[W32, TX7] registers instances that the session of the socket holds, at any depth', async () => {
    const { client, scene } = begin();
    await client.ask({ type: 'session', ttlMs: 20_000 });
    const register = (id: string) => ({ op: 'register', service: 'orders', id, ...AT });
    await client.ask(transaction(register('a'), { op: 'transaction', do: [register('b')] }, put('key', '')));
    const ttls = await Promise.all(['a', 'b'].map(async (id) => (await scene.read(id)).lease?.ttlMs));
    expect(ttls).toEqual([20_000, 20_000]);
    await client.close({ isEnd: true });
    expect(await scene.listed()).toEqual([]);
  });

  it('[W32] is answered after its own changes, on the same socket', async () => {
    const { client } = begin();
    await client.watch({ keys: [{ prefix: '' }] });
    client.take();
    for (const id of ['1', '2', '3']) void client.post({ id, ...transaction(put('a', id), put('b', id)) });
    void client.post({ id: 'read', ...transaction({ op: 'range', prefix: '' }) });
    await settle();
    const order = received(client);
    const changes = order.flatMap((each, index) => (each === 'put a,put b' ? index : []));
    expect(['1', '2', '3'].map((id, index) => order.indexOf(id) > (changes[index] ?? order.length))).toEqual([
      true,
      true,
      true,
    ]);
    expect([order.length, order.at(-1)]).toEqual([7, 'read']);
  });
});

describe('calls in quick succession on one socket', () => {
  it('[W32, I3] are decided in order without waiting for the disk, and answered once they are durable', async () => {
    const { client, disk, namespace } = begin();
    disk.hold();
    void client.post({ type: 'grant-lease', id: 'g', ttlMs: 5_000, alias: '5' });
    void client.post({ id: 'put', ...transaction(put('a', '1', { lease: '5' })) });
    void client.post({ id: 'batch', type: 'batch', operations: [{ op: 'register', service: 's', id: 'i', ...AT }] });
    void client.post({ id: 'read', ...transaction({ op: 'range', key: 'a' }) });
    void client.post({ type: 'revoke-lease', id: 'r', lease: '5' });
    await settle();
    expect([namespace.state.journal.revision, client.take()]).toEqual([3, []]);
    disk.release();
    await settle();
    const answers = answersOf(client);
    expect([...answers.keys()].sort()).toEqual(['batch', 'g', 'put', 'r', 'read']);
    expect(answers.get('read')).toMatchObject({ revision: 2, results: [{ entries: [{ key: 'a', revision: 1 }] }] });
  });

  it('[W16] are not overtaken while too many values wait for the disk', async () => {
    const { client, disk, entries, namespace } = begin();
    disk.hold();
    const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    // The first one is being written.
    const count = 1 + ENTRIES_UNWRITTEN_MAX_BYTES / ENTRY_VALUE_MAX_BYTES;
    for (let each = 0; each <= count; each++)
      void client.post({ id: `${each}`, ...transaction(put(`k${each}`, value)) });
    void client.post({ id: 'waits', ...transaction(put('last', 'first')) });
    void client.post({ id: 'batch', type: 'batch', operations: [{ op: 'register', service: 's', id: 'i', ...AT }] });
    void client.post({ id: 'last', ...transaction(put('last', 'second')) });
    await settle();
    expect([namespace.state.journal.revision, client.take()]).toEqual([count + 1, []]);
    disk.release();
    await settle();
    const answers = answersOf(client);
    const revisions = ['waits', 'batch', 'last'].map((id) => answers.get(id)?.revision);
    expect(revisions).toEqual([count + 2, count + 3, count + 4]);
    expect(await entries.read('last')).toMatchObject({ value: 'second', version: 2 });
    const { changes } = await entries.history('last');
    expect(changes.map(({ after }) => after?.value)).toEqual(['second', 'first']);
  });

  it('[W16] are not overtaken while leases end that are due', async () => {
    const { client, namespace, scene, entries } = begin();
    await endManyLeases(namespace, scene);
    const before = namespace.state.journal.revision;
    void client.post({ id: '1', ...transaction(put('a', '1')) });
    void client.post({ id: '2', ...transaction(put('a', '2')) });
    await settle();
    const answers = answersOf(client);
    expect(['1', '2'].map((id) => answers.get(id)?.revision)).toEqual([before + 3, before + 4]);
    expect([await scene.listed(), (await entries.read('a'))?.value]).toEqual([[], '2']);
  });

  it('[W16] find the watch that an earlier one begins, also while leases end that are due', async () => {
    const { client, namespace, scene } = begin();
    await endManyLeases(namespace, scene);
    void client.post({ type: 'watch', id: 'w', watch: 'w', scope: {} });
    void client.post({ type: 'unwatch', id: 'u', watch: 'w' });
    await settle();
    expect(received(client).filter((each) => each !== 'snapshot')).toEqual(['w', 'u']);
    expect(await scene.stats()).toMatchObject({ watches: 0 });
  });

  it('[W20] are ignored once the registry has closed the socket, also if they waited for an earlier one', async () => {
    const { stage, namespace, entries, leases } = begin();
    const { id: lease } = await leases.grant();
    const gate = Promise.withResolvers<void>();
    namespace.platform.audit.gate = gate.promise;
    const operator = stage.connect({ caller: OPERATOR });
    void operator.post({ type: 'revoke-lease', id: '1', lease });
    const late = JSON.stringify({ id: '2', ...transaction(put('late', '')) });
    for (let size = 0; size <= SOCKET_FRAMES_PENDING_MAX_BYTES; size += FRAME_MAX_BYTES) {
      void operator.post(late.padEnd(FRAME_MAX_BYTES));
    }
    expect(operator.socket.closed).toMatchObject({ code: CLOSE_CODES.overloaded });
    gate.resolve();
    await settle();
    expect(await entries.keys()).toEqual([]);
  });
});

describe('long answers to short frames', () => {
  it('[W20] are made only as far as there is room for them while they wait for the disk', async () => {
    const { client, disk, entries, namespace } = begin();
    const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
    for (let count = 0; count < 4; count++) await entries.put(`k${count}`, value);
    disk.hold();
    void entries.put('other', '');
    await settle();
    const { counters } = namespace.state;
    const before = counters.requests;
    const frames = 20;
    for (let count = 0; count < frames; count++) {
      void client.post({ id: `${count}`, ...transaction({ op: 'range', prefix: 'k' }) });
    }
    await settle();
    const size = 4 * ENTRY_VALUE_MAX_BYTES;
    expect(counters.requests - before).toBe(Math.ceil(SOCKET_ANSWERS_WAITING_MAX_BYTES / size));
    disk.release();
    await settle();
    const answers = (await client.readAll()).filter(({ type }) => type === 'answer');
    expect(counters.requests - before).toBe(frames);
    expect(answers).toHaveLength(frames);
  });
});

describe('leases over a socket', () => {
  it('[W32, GL1, GL2] are granted, read, renewed and revoked as over HTTP', async () => {
    const { client, entries, scene } = begin();
    const before = await scene.revision();
    const lease = await client.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: 5_000, alias: '7', lockDelayMs: 9 });
    expect(lease).toMatchObject({ alias: '7', ttlMs: 5_000, owner: 'owner', lockDelayMs: 9 });
    const endless = await client.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: null });
    expect(await scene.revision()).toBe(before);
    await client.ask(transaction(put('a', '1', { lease: '7' })));
    const read = await client.ask<GrantedLeaseDetail>({ type: 'read-lease', lease: '7' });
    expect(read).toMatchObject({ id: lease.id, entries: [{ key: 'a' }] });
    const leases = [{ lease: '7' }, { lease: endless.id }, { lease: '8' }];
    const report = await client.ask<LeaseRenewalReport>({ type: 'renew-leases', leases });
    expect(report).toEqual({
      renewed: [
        { lease: '7', remainingMs: 5_000 },
        { lease: endless.id, remainingMs: null },
      ],
      unknown: ['8'],
    });
    const { cursor } = await client.ask<{ cursor: string }>({ type: 'revoke-lease', lease: lease.id });
    expect([await entries.keys(), cursor]).toEqual([[], await scene.cursor()]);
    await client.say({ type: 'revoke-lease', id: '9', lease: lease.id });
    expect(received(client)).toEqual(['9: LEASE_NOT_FOUND']);
  });

  it('[W32, KL1, KL4] are kept by another lease, and revoked by its owner', async () => {
    const { client, stage, scene } = begin();
    const gateway = stage.connect({ caller: { tokenId: 'gateway' } });
    const [keeper, next] = [
      (await gateway.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: 5_000 })).id,
      (await gateway.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: 5_000 })).id,
    ];
    const lease = await client.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: 5_000, keeper });
    expect(lease).toMatchObject({ kept: true });
    const renew = (named?: string) =>
      client.ask<LeaseRenewalReport>({ type: 'renew-leases', leases: [{ lease: lease.id }], keeper: named });
    expect(await renew()).toEqual({ renewed: [{ lease: lease.id, remainingMs: 5_000 }], unknown: [] });
    expect(await renew(next)).toEqual({ renewed: [{ lease: lease.id, remainingMs: 5_000, kept: true }], unknown: [] });
    await gateway.say({ type: 'revoke-lease', id: '1', lease: lease.id, keeper });
    await gateway.say({ type: 'renew-leases', id: '2', leases: [{ lease: lease.id }], keeper: next });
    expect(received(gateway)).toEqual(['1: CONFLICT', '2: FORBIDDEN']);
    await gateway.ask({ type: 'revoke-lease', lease: lease.id, keeper: next });
    const left = await new LeaseCalls(scene.api, OPERATOR).list();
    expect(left.leases.map(({ id }) => id).sort()).toEqual([keeper, next].sort());
  });

  it('[W32, GL5] need the token that was granted them', async () => {
    const { stage, client, leases } = begin();
    const { id: lease } = await leases.grant();
    const stranger = stage.connect({ caller: { tokenId: 'stranger' } });
    await stranger.say({ type: 'read-lease', id: '1', lease });
    await stranger.say({ type: 'renew-leases', id: '2', leases: [{ lease }] });
    await stranger.say({ type: 'revoke-lease', id: '3', lease });
    expect(received(stranger)).toEqual(['1: FORBIDDEN', '2: FORBIDDEN', '3: FORBIDDEN']);
    await client.ask({ type: 'read-lease', lease });
  });

  it('[A46] of another token end by an operator once that is audited, before later frames', async () => {
    const { stage, namespace, entries, leases } = begin();
    const { id: lease } = await leases.grant();
    await leases.put('a', '', lease);
    const { audit } = namespace.platform;
    const gate = Promise.withResolvers<void>();
    audit.gate = gate.promise;
    const operator = stage.connect({ caller: { ...OPERATOR, address: '192.0.2.1' } });
    void operator.post({ type: 'revoke-lease', id: '1', lease });
    void operator.post({ id: '2', ...transaction({ op: 'range', prefix: '' }) });
    await settle();
    expect([operator.take(), await entries.keys()]).toEqual([[], ['a']]);
    gate.resolve();
    await settle();
    expect(answersOf(operator).get('2')).toMatchObject({ results: [{ count: 0 }] });
    expect(audit.notes).toMatchObject([{ action: 'lease-revoked', actor: 'operator', address: '192.0.2.1' }]);
  });

  it('[A46] end only as the audit trail names them, also if another has their alias meanwhile', async () => {
    const { stage, namespace, scene, leases } = begin();
    const { id } = await leases.grant({ alias: '7' });
    const gate = Promise.withResolvers<void>();
    namespace.platform.audit.gate = gate.promise;
    const operator = stage.connect({ caller: OPERATOR });
    void operator.post({ type: 'revoke-lease', id: '1', lease: '7' });
    await leases.revoke(id);
    const others = new LeaseCalls(scene.api, { tokenId: 'other' });
    const next = await others.grant({ alias: '7' });
    gate.resolve();
    await settle();
    expect(received(operator)).toEqual(['1: LEASE_NOT_FOUND']);
    expect(await others.read('7')).toMatchObject({ id: next.id });
  });

  it('[GL1, I8] are renewed together without a row', async () => {
    const { client, disk, namespace } = begin();
    const leases: { lease: string }[] = [];
    for (let count = 0; count < 100; count++) {
      const { id } = await client.ask<GrantedLeaseView>({ type: 'grant-lease', ttlMs: 60_000 });
      leases.push({ lease: id });
    }
    const frame = { type: 'renew-leases', leases };
    await client.ask(frame);
    await namespace.pass(10_000);
    // Marks that renewals may follow the last checkpoint, whatever their number.
    await client.ask({ ...frame, leases: leases.slice(0, 1) });
    disk.takeWritten();
    const { renewed, unknown } = await client.ask<LeaseRenewalReport>(frame);
    expect([renewed.length, unknown]).toEqual([100, []]);
    expect(disk.takeWritten()).toEqual({});
    await client.say({ ...frame, id: '1', leases: Array(HEARTBEAT_INSTANCES_MAX_COUNT + 1).fill(leases[0]) });
    expect(received(client)).toEqual(['1: INVALID_REQUEST']);
  });
});

describe('renewLeases', () => {
  it('[GL1] counts the time to live from when a holder was heard, and never takes time away', async () => {
    const { namespace, scene, leases } = begin();
    const { id: lease } = await leases.grant({ ttlMs: 30_000 });
    const renew = async (ageMs?: number) => {
      const { body } = await scene.api.renewLeases(OWNER, [{ lease, ageMs }]);
      return JSON.parse(body).renewed[0].remainingMs;
    };
    await namespace.pass(10_000);
    expect(await renew(4_000)).toBe(26_000);
    expect(await renew(6_000)).toBe(26_000);
    expect(await renew(1_000_000)).toBe(26_000);
    expect(await renew(1_000)).toBe(29_000);
    expect(await renew()).toBe(30_000);
    await namespace.pass(10_000);
    expect(await renew(9_000)).toBe(21_000);
    await namespace.pass(20_900);
    await leases.read(lease);
    await namespace.pass(1_000);
    await expect(leases.read(lease)).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  });

  it('[GL5] renews none if one of them belongs to another token', async () => {
    const { namespace, scene, leases } = begin();
    const { id: own } = await leases.grant({ ttlMs: 30_000 });
    const { id: other } = await new LeaseCalls(scene.api, { tokenId: 'other' }).grant();
    await namespace.pass(10_000);
    const renewal = scene.api.renewLeases(OWNER, [{ lease: own }, { lease: other }]);
    await expect(renewal).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await leases.read(own)).remainingMs).toBe(20_000);
  });
});
