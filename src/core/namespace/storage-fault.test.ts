import { beforeEach, describe, expect, it } from 'vitest';
import { OPERATOR, OWNER } from '../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../test/fixtures/definition';
import { HandPlatform } from '../../../test/fixtures/hand-platform';
import { settle } from '../../../test/simulation/virtual-time';
import type { Operation } from '../../model/batch';
import { ATTENTION_PASS_MS, CHECKPOINT_DELAY_MS, LEASE_SLACK_MS } from '../../model/limits';
import type { Registry } from './core';
import { Namespace } from './lifecycle';
import { readCheckpoint } from './records/checkpoints';
import { unpackLease } from './records/lease-table';

const FULL = 'database or disk is full';
const TTL_MS = 30_000;
const REFUSED = expect.objectContaining({
  code: 'UNAVAILABLE',
  message: `nothing can be stored: ${FULL}; nothing was changed; retry once that is fixed`,
  details: expect.objectContaining({ retryAfterSeconds: 5 }),
});
const PERSISTENT = { ephemeral: false } as const;

let platform: HandPlatform;
let namespace: Namespace;
let registry: Registry;

/** A namespace on a host with ticks, with the instance `a`. */
beforeEach(async () => {
  platform = new HandPlatform();
  platform.monotonic = platform.clock;
  namespace = new Namespace(platform, false);
  await namespace.configure({ retention: {}, limits: {} });
  registry = namespace.registry;
  await register('a');
});

const command = (id: string, port = 80) => ({ key: key(id), definition: definition({ port }), precondition: {} });
const register = (id: string, port?: number) => registry.register(OWNER, command(id, port));
const operation = (id: string): Operation => ({ op: 'register', ...command(id) });

const fill = () => platform.fill(FULL);
const empty = () => platform.empty();

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += ATTENTION_PASS_MS) {
    platform.jump(ATTENTION_PASS_MS);
    await registry.tick();
    await settle();
  }
}

async function ids(): Promise<string[]> {
  const { body } = await registry.listInstances({ ...ORDERS, filter: {} });
  return JSON.parse(body ?? '').instances.map(({ id }: { id: string }) => id);
}

const revision = async (): Promise<number> => JSON.parse((await registry.stats()).body ?? '').revision;

describe('while nothing can be stored', () => {
  it('[L19] refuses every change with the reason, and changes nothing', async () => {
    const staged = await registry.stageImport(OPERATOR, { records: [] });
    const { importId } = JSON.parse(staged.body);
    fill();
    const service = { ...ORDERS, definition: { metadata: {}, protectThreshold: 0 }, precondition: {} };
    const calls: (() => Promise<unknown>)[] = [
      () => register('b'),
      () => register('a', 81),
      () => registry.patch(OWNER, { key: key('a'), patch: { weight: 2 }, lease: undefined, precondition: {} }),
      () => registry.deregister(OWNER, { key: key('a'), precondition: {} }),
      () => registry.drain(OWNER, { key: key('a'), waitMs: 0, graceMs: 0 }),
      () => registry.batch(OWNER, [operation('a'), operation('b')]),
      () => registry.putOverride(OPERATOR, { key: key('a'), override: { weight: 3 }, precondition: {} }),
      () => registry.putService(OPERATOR, service),
      () => registry.removeService(OPERATOR, { ...ORDERS, force: true, precondition: {} }),
      () => registry.stageImport(OPERATOR, { records: [] }),
      () => registry.applyImport(OPERATOR, { importId, mode: 'merge' }),
      () => registry.dropImport(OPERATOR, { importId }),
      () => namespace.configure({ retention: {}, limits: { instances: 1 } }),
      () => namespace.rest(),
    ];
    for (const call of calls) await expect(call(), String(call)).rejects.toEqual(REFUSED);
    expect([await ids(), await revision(), platform.audit.notes]).toEqual([['a'], 1, []]);
    empty();
    await register('b');
    expect([await ids(), await revision(), platform.aborts]).toEqual([['a', 'b'], 2, []]);
  });

  it('[L19] serves heartbeats, repeated registrations and reads, and stores renewals later', async () => {
    await pass(CHECKPOINT_DELAY_MS + ATTENTION_PASS_MS);
    fill();
    for (let beats = 0; beats < 10; beats++) {
      await pass(10_000);
      await registry.renew(OWNER, key('a'));
      await registry.renewMany(OWNER, [key('a')]);
      await register('a');
      await registry.resolve({ ...ORDERS, keepForMs: 60_000 });
      await registry.resolve({ ...ORDERS, subscriber: { id: 'poller' } });
    }
    const renewedAt = platform.clock.now();
    await pass(2 * CHECKPOINT_DELAY_MS);
    expect([await ids(), platform.aborts]).toEqual([['a'], []]);
    empty();
    await pass(ATTENTION_PASS_MS);
    const { rows } = readCheckpoint(platform.storage);
    expect(unpackLease(rows.get(0) ?? new Float64Array(), 0)?.renewedAt).toBe(renewedAt);
  });

  it('[L19] ends no lease, and afterwards only those that were silent for a whole ttl of attention', async () => {
    await register('b');
    fill();
    await pass(10 * TTL_MS);
    expect(await ids()).toEqual(['a', 'b']);
    empty();
    await pass(TTL_MS - ATTENTION_PASS_MS);
    await registry.renew(OWNER, key('b'));
    expect(await ids()).toEqual(['a', 'b']);
    await pass(2 * LEASE_SLACK_MS + ATTENTION_PASS_MS);
    expect(await ids()).toEqual(['b']);
    expect(platform.aborts).toEqual([]);
  });

  it('[L19] keeps an unhealthy instance that sends heartbeats, and shows it healthy from the next heartbeat', async () => {
    const lease = { ttlMs: TTL_MS, removeAfterMs: 3 * TTL_MS };
    await registry.register(OWNER, { key: key('c'), definition: definition({ lease }), precondition: {} });
    await pass(TTL_MS + 1_000);
    const isHealthy = async () => JSON.parse((await registry.readInstance({ key: key('c') })).body ?? '').healthy;
    expect(await isHealthy()).toBe(false);
    fill();
    await registry.renew(OWNER, key('c'));
    await pass(2 * TTL_MS);
    expect(await isHealthy()).toBe(false);
    await registry.renew(OWNER, key('c'));
    empty();
    await registry.renew(OWNER, key('c'));
    expect([await isHealthy(), platform.aborts]).toEqual([true, []]);
  });

  it('[L19] ends other due work only once it can be stored', async () => {
    await registry.register(OWNER, { key: key('p'), definition: definition(PERSISTENT), precondition: {} });
    await registry.drain(OWNER, { key: key('p'), waitMs: 0, graceMs: 5_000 });
    fill();
    platform.armings.length = 0;
    platform.alarmFired();
    await pass(20_000);
    await registry.renew(OWNER, key('a'));
    expect([await ids(), platform.armings]).toEqual([['a', 'p'], []]);
    empty();
    await pass(2_000);
    expect([await ids(), platform.aborts]).toEqual([['a'], []]);
  });

  it('[L19] responds to a drain that waits for watchers', async () => {
    const connection = platform.connections.connectionOf(platform.connections.open());
    await registry.receive(connection, JSON.stringify({ type: 'watch', id: '1', watch: 'w', scope: {} }));
    const drained = registry.drain(OWNER, { key: key('a'), waitMs: 2_000, graceMs: 60_000 }).catch((error) => error);
    await settle();
    fill();
    await pass(3_000);
    expect(JSON.parse((await drained).body)).toMatchObject({ drained: false, laggards: ['subscriber-1'] });
  });

  it('[L19] resumes sessions, opens none, and lets ended ones expire', async () => {
    const open = async (frame: object) => {
      const socket = platform.connections.open();
      const connection = platform.connections.connectionOf(socket);
      await registry.receive(connection, JSON.stringify({ type: 'session', id: '1', ttlMs: TTL_MS, ...frame }));
      await settle();
      return { socket, connection, answers: socket.take() };
    };
    const first = await open({});
    const { session } = (first.answers[0] as { body: { session: string } }).body; // `as`: it is a response
    await registry.receive(
      first.connection,
      JSON.stringify({
        type: 'batch',
        id: '2',
        operations: [{ op: 'register', ...key('s'), address: '10.0.0.1', port: 80 }],
      }),
    );
    await settle();
    fill();
    expect((await open({})).answers).toMatchObject([{ type: 'error', code: 'UNAVAILABLE' }]);
    await registry.closed(first.connection, false);
    const second = await open({ session });
    expect(second.answers).toMatchObject([{ type: 'answer', body: { resumed: true } }]);
    await registry.receive(second.connection, JSON.stringify({ type: 'end' }));
    expect(second.socket.take()).toMatchObject([{ type: 'error', code: 'UNAVAILABLE' }]);
    await registry.closed(second.connection, true);
    expect([await ids(), platform.aborts]).toEqual([['a', 's'], []]);
    empty();
    for (let beats = 0; beats < 4; beats++) {
      await registry.renew(OWNER, key('a'));
      await pass(10_000);
    }
    expect(await ids()).toEqual(['a']);
  });

  it('[L19] wakes from stored state, and writes nothing', async () => {
    fill();
    registry = new Namespace(platform, false).registry;
    await pass(TTL_MS);
    expect([await ids(), await register('a'), platform.aborts]).toMatchObject([['a'], { created: false }, []]);
    await expect(register('b')).rejects.toEqual(REFUSED);
    empty();
    await register('b');
    expect(await ids()).toEqual(['a', 'b']);
  });

  it('[L19] creates no namespace', async () => {
    const other = new HandPlatform();
    other.fault = FULL;
    const missing = new Namespace(other, false);
    await expect(missing.configure({ retention: {}, limits: {} })).rejects.toEqual(REFUSED);
    expect([...other.storage.read('SELECT name FROM sqlite_master')]).toEqual([]);
  });
});
