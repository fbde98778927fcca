import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it } from 'vitest';
import { BY_ROOT, refusal } from '../../../test/contracts/directory/test-directory';
import { OWNER } from '../../../test/fixtures/callers';
import { definition, key, ORDERS } from '../../../test/fixtures/definition';
import { HandResident, type HandResidentOptions } from '../../../test/fixtures/hand-resident';
import { socketPurpose } from '../../../test/fixtures/socket-purpose';
import { markForNewEpoch } from '../../core/storage/schema';
import type { InstanceDefinitionInput } from '../../model/instance';
import { readJsonText } from '../../model/json';
import { ATTENTION_PASS_MS, LEASE_SLACK_MS, NAMESPACES_OPENED_AT_ONCE_MAX_COUNT } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { nodeSqlite } from './storage/node-sqlite';

const HOUR_MS = 3_600_000;
const SLEEP_AFTER_MS = 60_000;
/** Idle time after which a namespace goes to sleep. */
const IDLE_MS = SLEEP_AFTER_MS + 2_000;

const hosts: HandResident[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

async function start(options: HandResidentOptions = {}): Promise<HandResident> {
  const host = await HandResident.start({ sleepAfterMs: SLEEP_AFTER_MS, ...options });
  hosts.push(host);
  return host;
}

const register = (api: NamespaceApi, id: string, input: Partial<InstanceDefinitionInput> = {}) =>
  api.register(OWNER, { key: key(id), definition: definition(input), precondition: {} });

async function listed(api: NamespaceApi): Promise<string[]> {
  const { body } = await api.listInstances({ ...ORDERS, filter: {} });
  return body === null ? [] : readJsonText(body).instances.map(({ id }) => id);
}

it('an idle namespace goes to sleep, and is opened by a call', async () => {
  const host = await start();
  const { calls } = host.namespace();
  await register(calls, 'a', { ephemeral: false });
  await host.pass(SLEEP_AFTER_MS - 1_000);
  expect(host.awake()).toEqual(['public']);
  await listed(calls);
  await host.pass(SLEEP_AFTER_MS - 1_000);
  expect(host.awake()).toEqual(['public']);
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
  expect(await listed(calls)).toEqual(['a']);
  expect(host.awake()).toEqual(['public']);
});

it('a namespace is opened by a socket, and stays awake with it', async () => {
  const host = await start();
  await register(host.namespace().calls, 'a', { ephemeral: false });
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
  const socket = await host.namespace().sockets.open(socketPurpose(), { frame: () => {}, closed: () => {} });
  await host.pass(HOUR_MS);
  expect(host.awake()).toEqual(['public']);
  socket.close(1000, '');
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
});

it('[L1] a lease ends in time although its namespace sleeps and gets no call', async () => {
  const host = await start();
  await register(host.namespace().calls, 'a', { lease: { ttlMs: 600_000 } });
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
  await host.pass(600_000 + LEASE_SLACK_MS - IDLE_MS);
  // Opened by its alarm, it asks first.
  await host.pass(LEASE_SLACK_MS);
  const { body } = await host.namespace().calls.history({ ...ORDERS });
  expect(readJsonText(body).entries[0]).toMatchObject({ cause: 'expired', revision: 2 });
  expect(await listed(host.namespace().calls)).toEqual([]);
});

it('[I6] a freeze ends no lease of a sleeping namespace, even if a call precedes the first tick', async () => {
  const host = await start();
  const { calls } = host.namespace();
  await register(calls, 'a', { lease: { ttlMs: 600_000 } });
  await host.pass(IDLE_MS);
  host.freeze(HOUR_MS);
  expect(await listed(calls)).toEqual(['a']);
  await host.pass(10 * ATTENTION_PASS_MS);
  expect(await listed(calls)).toEqual(['a']);
  await host.pass(600_000);
  expect(await listed(calls)).toEqual([]);
});

it('[I6, L7] repeated freezes, each detected by a call, keep no dead lease of a sleeping namespace', async () => {
  const host = await start();
  const { calls } = host.namespace();
  const ttlMs = 600_000;
  await register(calls, 'dead', { lease: { ttlMs } });
  // Past its limit, it is asked by the call after the first freeze.
  host.freeze(HOUR_MS);
  let heardMs = 0;
  for (; (await listed(calls)).length > 0 && heardMs < 4 * ttlMs; heardMs += 3 * IDLE_MS) {
    await host.pass(3 * IDLE_MS);
    expect(host.awake()).toEqual([]);
    host.freeze(HOUR_MS);
  }
  // Two ttl of attention, and the time until this is detected.
  expect(heardMs).toBeGreaterThan(ttlMs);
  expect(heardMs).toBeLessThanOrEqual(2 * ttlMs + 3 * IDLE_MS);
});

it('[L10] a clock that is set back keeps no lease of a sleeping namespace', async () => {
  const host = await start();
  const { calls } = host.namespace();
  await register(calls, 'a', { lease: { ttlMs: 600_000 } });
  await host.pass(IDLE_MS);
  host.setClock(-10 * HOUR_MS);
  await host.pass(1_250_000);
  const { entries } = readJsonText((await calls.history({ ...ORDERS })).body);
  expect(entries[0]).toMatchObject({ cause: 'expired' });
});

it('[L19, Z4] a namespace restored to a full disk responds only once there is room, and then by itself', async () => {
  let fault: string | undefined;
  const host = await start({ writeFault: () => fault });
  const { calls } = host.namespace();
  await register(calls, 'a', { lease: { ttlMs: 30_000 } });
  const { epoch } = readJsonText((await calls.stats()).body);
  await host.namespace().sleep();
  const database = new DatabaseSync(host.files.namespace('public'));
  markForNewEpoch(nodeSqlite(database));
  database.close();
  fault = 'database or disk is full';
  for (let call = 0; call < 3; call++) await expect(listed(calls)).rejects.toEqual(refusal('UNAVAILABLE'));
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual(['public']);
  fault = undefined;
  await host.pass(60_000);
  const { entries } = readJsonText((await calls.history({ ...ORDERS })).body);
  // A lease ended without a call, in the epoch that starts with it.
  expect(entries.map(({ cause }) => cause)).toEqual(['expired', 'registered']);
  expect(readJsonText((await calls.stats()).body).epoch).not.toBe(epoch);
});

it('[L1] a lease ends in time although its namespace was opened by a read that arms no alarm, and slept again', async () => {
  const host = await start();
  const { calls } = host.namespace();
  await register(calls, 'a', { lease: { ttlMs: 600_000 } });
  await host.pass(IDLE_MS);
  expect(await host.namespace().size()).toEqual({ instances: 1, services: 1, entries: 0 });
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
  await host.pass(600_000 + 2 * LEASE_SLACK_MS - 2 * IDLE_MS);
  expect(host.awake()).toEqual(['public']);
  expect(await host.namespace().size()).toEqual({ instances: 0, services: 0, entries: 0 });
});

it('a namespace does not sleep while it does due work', async () => {
  const host = await start();
  await register(host.namespace().calls, 'a', { lease: { ttlMs: 600_000 } });
  const attending = host.namespace().attend();
  expect(host.namespace().isBusy).toBe(true);
  await attending;
  expect(host.namespace().isBusy).toBe(false);
});

it('if all are due at once, a few are opened at a time', async () => {
  const host = await start({ awakeMaxCount: 3 });
  const ids = Array.from({ length: 40 }, (_, number) => `tenant-${number}`);
  for (const id of ids) {
    await host.directory.createNamespace(BY_ROOT, { id, retention: {}, limits: {} });
    await register(host.namespace(id).calls, 'a', { lease: { ttlMs: 600_000 } });
  }
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
  host.freeze(HOUR_MS);
  let most = 0;
  let isOver = false;
  const looking = (async () => {
    for (; !isOver; await new Promise((resolve) => setImmediate(resolve))) most = Math.max(most, host.awake().length);
  })();
  await host.pass(600_000 + 30_000);
  isOver = true;
  await looking;
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2 * NAMESPACES_OPENED_AT_ONCE_MAX_COUNT);
  for (const id of ids) expect(await host.namespace(id).size()).toEqual({ instances: 0, services: 0, entries: 0 });
});

it('after a kill, sleeping namespaces stay asleep, and awake ones are opened', async () => {
  const host = await start();
  for (const id of ['asleep', 'awake'])
    await host.directory.createNamespace(BY_ROOT, { id, retention: {}, limits: {} });
  await register(host.namespace('asleep').calls, 'a', { ephemeral: false });
  await host.pass(IDLE_MS);
  await register(host.namespace('awake').calls, 'a', { lease: { ttlMs: 30_000 } });
  await host.restart();
  expect(host.awake()).toEqual(['awake']);
  await host.pass(60_000);
  expect(await listed(host.namespace('awake').calls)).toEqual([]);
  expect(await listed(host.namespace('asleep').calls)).toEqual(['a']);
});

it('a sleeping namespace is erased, and no reference to it restores it', async () => {
  const host = await start();
  const made = { id: 'tenant', retention: {}, limits: {} };
  await host.directory.createNamespace(BY_ROOT, made);
  const { calls } = host.namespace('tenant');
  await register(calls, 'a', { ephemeral: false });
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
  await host.directory.removeNamespace(BY_ROOT, 'tenant', true);
  expect(host.files.namespaces()).not.toContain('tenant');
  await expect(listed(calls)).rejects.toEqual(refusal('NAMESPACE_NOT_FOUND'));
  await host.directory.createNamespace(BY_ROOT, made);
  await expect(register(calls, 'old')).rejects.toEqual(refusal('NAMESPACE_NOT_FOUND'));
  expect(await listed(host.namespace('tenant').calls)).toEqual([]);
});

it('two hundred sleeping namespaces hold no file open', async () => {
  const host = await start();
  const ids = Array.from({ length: 200 }, (_, number) => `tenant-${number}`);
  for (const id of ids) {
    await host.directory.createNamespace(BY_ROOT, { id, retention: {}, limits: {} });
    await register(host.namespace(id).calls, 'a', { lease: { ttlMs: HOUR_MS } });
  }
  expect(host.awake()).toHaveLength(200);
  await host.pass(IDLE_MS);
  expect(host.awake()).toEqual([]);
  await host.pass(HOUR_MS);
  for (const id of ids) expect(await listed(host.namespace(id).calls)).toEqual([]);
});

it('if there are too many, the ones idle longest sleep, and no more than necessary', async () => {
  const host = await start({ awakeMaxCount: 3 });
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    await host.directory.createNamespace(BY_ROOT, { id, retention: {}, limits: {} });
  }
  expect(host.awake()).toHaveLength(5);
  for (let step = 0; step < 10; step++) {
    for (const id of ['a', 'b']) await register(host.namespace(id).calls, 'i', { ephemeral: false });
    await host.pass(500);
  }
  expect(host.awake()).toHaveLength(3);
  expect(host.awake()).toEqual(expect.arrayContaining(['a', 'b']));
});

it('[O7] a drain that waits for a poller keeps its namespace awake', async () => {
  const host = await start({ sleepAfterMs: 3_000 });
  const { calls } = host.namespace();
  await register(calls, 'a', { ephemeral: false });
  await calls.listInstances({ ...ORDERS, filter: {}, subscriber: { id: 'poller' } });
  const drained = calls.drain(OWNER, { key: key('a'), waitMs: 30_000, graceMs: 0 });
  await host.pass(20_000);
  expect(host.awake()).toEqual(['public']);
  await host.pass(11_000);
  expect(readJsonText((await drained).body)).toMatchObject({ drained: false, laggards: ['poller'] });
  await host.pass(6_000);
  expect(host.awake()).toEqual([]);
});

it('an export continues if its namespace slept between two of its parts', async () => {
  const host = await start();
  const { calls } = host.namespace();
  const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, number) => [`key-${number}`, 'x'.repeat(400)]));
  for (let id = 0; id < 200; id++) await register(calls, `i-${id}`, { ephemeral: false, metadata });
  const whole = async (between: () => Promise<void>): Promise<string[]> => {
    const parts: string[] = [];
    for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
      const part = readJsonText((await calls.exportPart({ after })).body);
      parts.push(part.lines);
      after = part.next;
      await between();
    }
    return parts;
  };
  const parts = await whole(async () => {});
  expect(parts.length).toBeGreaterThan(1);
  const slept = await whole(async () => {
    await host.pass(IDLE_MS);
    expect(host.awake()).toEqual([]);
  });
  expect(slept).toEqual(parts);
});
