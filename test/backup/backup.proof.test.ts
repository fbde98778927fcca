import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkBackup, restoreBackup } from '../../src/backup/restore-backup';
import { takeBackup } from '../../src/backup/take-backup';
import { namespaceFile } from '../../src/host/resident/data-files';
import { RESTORING_NAME, STORAGE_NAME } from '../../src/launcher/data-folder';
import { EventReader } from '../fixtures/event-reader';
import { packedProgram } from '../programs/packed-program';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { systemNode, systemPath } from '../programs/system-node';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';

import { answerOf, ask, cursorAt, cursorOf, Load, listOf, type Place, servicePath } from './loaded-registry';

const SEED = 7;

async function start(data: string): Promise<RunningRegistry> {
  const registry = await startRegistry({ data });
  onTestFinished(() => registry.stop());
  return registry;
}

describe('a backup of a registry under load', () => {
  it('[U1, U2, U5] restores each namespace to a past state that includes every change acknowledged before the backup', async () => {
    const folder = temporaryFolder();
    const namespaces = ['public', 'team-a'];
    const live = await start(join(folder, 'data'));
    await answerOf(live, 'POST', '/ns', { id: 'team-a' });
    const load = new Load(live, SEED, namespaces);
    await until('the load has begun', () => load.revisions.size === 2 && load.acknowledged > 50);

    let backup = '';
    let revisionsBefore = new Map<string, number>();
    let manifest: Awaited<ReturnType<typeof takeBackup>> | undefined;
    for (let round = 0; round < 4; round++) {
      // Namespaces are created and deleted during a backup.
      const made = answerOf(live, 'POST', '/ns', { id: `made-${round}` });
      revisionsBefore = new Map(load.revisions);
      backup = join(folder, `backup-${round}`);
      manifest = await takeBackup({ data: live.data, target: backup, version: '0.1.0' });
      await made;
      await checkBackup({ backup, data: '' });
    }
    const after = load.acknowledged;
    await until('the load has continued', () => load.acknowledged > after + 50);
    await load.end();
    expect(load.refusals).toEqual([]);

    const data = join(folder, 'elsewhere');
    await restoreBackup({ backup, data });
    const restored = await start(data);
    for (const ns of namespaces) {
      const revision = manifest?.namespaces.find(({ id }) => id === ns)?.revision ?? 0;
      expect(revision).toBeGreaterThanOrEqual(revisionsBefore.get(ns) ?? Number.NaN);
      const then = await listOf(live, ns, 'pairs', await cursorAt(live, ns, revision));
      expect(then.length).toBeGreaterThan(0);
      expect(await listOf(restored, ns, 'pairs')).toEqual(then);
      expect(await listOf(live, ns, 'pairs')).not.toEqual(then);
    }
    // Every namespace that the directory lists exists, and accepts instances.
    const { namespaces: listed } = await answerOf<{ namespaces: { id: string }[] }>(restored, 'GET', '/ns');
    expect(listed.length).toBeGreaterThanOrEqual(2 + 3);
    for (const { id } of listed) await answerOf(restored, 'PUT', `${servicePath(id, 's')}/instances/a`, A);
  });
});

const isPositive = (count: number): boolean => count > 0;

const A = { address: '10.0.0.7', port: 8080 };

describe('a restored registry', () => {
  it('[U5, U7] refuses cursors from before the backup, resets their watchers, keeps tokens, and expires no instance that renews', async () => {
    const folder = temporaryFolder();
    const live = await start(join(folder, 'data'));
    const orders = servicePath('public', 'orders');
    const { token } = await answerOf<{ token: string }>(live, 'POST', '/tokens', {
      name: 'orders',
      grants: [
        { scope: 'register', ns: 'public' },
        { scope: 'read', ns: 'public' },
      ],
    });
    const owner = { url: live.url, rootToken: token };
    const lease = { ttlMs: 6_000 };
    for (const id of ['renews', 'silent']) await answerOf(owner, 'PUT', `${orders}/instances/${id}`, { ...A, lease });
    const backup = join(folder, 'backup');
    await takeBackup({ data: live.data, target: backup, version: '0.1.0' });
    // Changes made after the backup, and their cursors, are in no restored history.
    await answerOf(owner, 'PUT', `${orders}/instances/later`, A);
    const listed = await ask(owner, 'GET', `${orders}/instances`);
    const cursor = cursorOf(listed);
    const { revision } = ((await listed.json()) as { instances: { revision: number }[] }).instances.at(0) ?? {
      revision: 0,
    };
    await live.stop();
    // A backup of a stopped registry includes what it left in its write-ahead logs.
    const stopped = await takeBackup({ data: live.data, target: join(folder, 'stopped'), version: '0.1.0' });
    expect(stopped.namespaces[0]?.revision).toBeGreaterThanOrEqual(3);
    // Longer than both leases.
    await sleep(6_500);

    const data = join(folder, 'elsewhere');
    await restoreBackup({ backup, data });
    const restored = await start(data);
    const place = { url: restored.url, rootToken: token };
    let isOver = false;
    const beating = (async () => {
      while (!isOver) {
        await answerOf(place, 'POST', `${orders}/instances/renews/heartbeat`);
        await sleep(300);
      }
    })();
    const idsOf = async () =>
      ((await listOf(place, 'public', 'orders')) as { id: string }[]).map(({ id }) => id).sort();
    expect(await idsOf()).toEqual(['renews', 'silent']);

    expect((await ask(place, 'GET', `${orders}/instances?at=${cursor}`)).status).toBe(410);
    const resumed = await fetch(`${restored.url}/api/v1/ns/public/watch?cursor=${cursor}`, {
      headers: { Authorization: `Bearer ${restored.rootToken}` },
    });
    const events = new EventReader(resumed.body);
    const [reset, snapshot] = await events.take(2);
    expect([reset?.event, snapshot?.event]).toEqual(['reset', 'snapshot']);
    await events.leave();

    await until('the silent instance has expired', async () => (await idsOf()).length === 1);
    expect(await idsOf()).toEqual(['renews']);
    isOver = true;
    await beating;
    const again = await answerOf<{ revision: number }>(place, 'PUT', `${orders}/instances/later`, A);
    expect(again.revision).toBeGreaterThan(revision + 1_000_000);
  });
});

describe('entries and leases in a backup', () => {
  it('[U5, U7, KV9, GL6, EL7] are as they were: a lease that is not renewed ends, and tokens of locks increase', async () => {
    const folder = temporaryFolder();
    const live = await start(join(folder, 'data'));
    const kv = '/ns/public/kv';
    const bytes = Uint8Array.of(0, 0xff, 0x2e, 0x2e, 0);
    const hard = `${kv}/${Buffer.from(bytes).toString('base64url')}?base64=true`;
    const grant = async (place: Place, ttlMs: number | null) =>
      (await answerOf<{ id: string }>(place, 'POST', '/ns/public/leases', { ttlMs })).id;
    const lock = (place: Place, how: 'acquire' | 'release', lease: string) =>
      ask(place, 'PUT', `${kv}/lock?${how}=${lease}`, {});
    const tokenOf = async (answer: Response) =>
      ((await answer.json()) as { lock: { acquiredRevision: number } }).lock.acquiredRevision;
    await fetch(`${live.url}/api/v1${hard}`, {
      ...{ method: 'PUT', headers: { Authorization: `Bearer ${live.rootToken}` }, body: bytes },
    });
    const [ttl, endless] = [await grant(live, 6_000), await grant(live, null)];
    await answerOf(live, 'PUT', `${kv}/held?lease=${ttl}`, 'by a lease');
    await answerOf(live, 'PUT', `${kv}/endless?lease=${endless}`, 'by a lease without an end');
    expect((await lock(live, 'acquire', endless)).status).toBe(201);
    const backup = join(folder, 'backup');
    await takeBackup({ data: live.data, target: backup, version: '0.1.0' });
    // What happens afterwards is lost.
    await answerOf(live, 'PUT', `${kv}/later`, 'lost');
    await answerOf(live, 'DELETE', `/ns/public/leases/${endless}`);
    const afterwards = await grant(live, null);
    const acquired = await lock(live, 'acquire', afterwards);
    const [cursor, token] = [cursorOf(acquired), await tokenOf(acquired)];
    await live.stop();

    const data = join(folder, 'elsewhere');
    await checkBackup({ backup, data: '' });
    await restoreBackup({ backup, data });
    const restored = await start(data);
    const value = await ask(restored, 'GET', hard);
    expect(new Uint8Array(await value.arrayBuffer())).toEqual(bytes);
    expect((await ask(restored, 'GET', `${kv}/later`)).status).toBe(404);
    expect((await ask(restored, 'GET', `${kv}?prefix=&at=${cursor}`)).status).toBe(410);
    expect((await ask(restored, 'GET', `/ns/public/leases/${afterwards}`)).status).toBe(404);
    expect(await answerOf(restored, 'GET', `/ns/public/leases/${ttl}`)).toMatchObject({ holds: { entries: 1 } });
    // The revocation is lost, too, and the lock is held again until it is repeated.
    const again = await grant(restored, null);
    expect((await lock(restored, 'acquire', again)).status).toBe(409);
    await answerOf(restored, 'DELETE', `/ns/public/leases/${endless}`);
    expect((await ask(restored, 'GET', `${kv}/endless`)).status).toBe(404);
    expect(await tokenOf(await lock(restored, 'acquire', again))).toBeGreaterThan(token + 1_000_000);
    await until('the lease has ended', async () => (await ask(restored, 'GET', `${kv}/held`)).status === 404);
    expect((await ask(restored, 'GET', hard)).status).toBe(200);
  });
});

describe('a killed command', () => {
  /** Runs the program, and kills it a number of milliseconds after something was seen. */
  async function run(program: string, words: string[], isSeen = () => false, killAfterMs = 0): Promise<void> {
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
    const exited = once(child, 'exit');
    while (child.exitCode === null && !isSeen()) await Promise.race([exited, sleep(1)]);
    await Promise.race([exited, sleep(killAfterMs)]);
    child.kill('SIGKILL');
    await exited;
  }

  /** Counts the stored instances in a folder on which no registry runs. */
  function storedCount(data: string): unknown {
    const database = new DatabaseSync(join(data, STORAGE_NAME, namespaceFile('public')), { readOnly: true });
    const row = database.prepare('SELECT COUNT(*) AS count FROM record WHERE value IS NOT NULL').get();
    database.close();
    return row?.count;
  }

  /** The run takes 20 to 200 ms from the first file that it creates to its end. */
  const DELAYS_MS = [0, 10, 30, 80];

  it('[U3, U6] leaves a whole backup or none, and a registry that starts or none', {
    timeout: 120_000,
  }, async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'packed'));
    const program = await packedProgram(join(folder, 'packed'), (worker) => worker);
    const live = await start(join(folder, 'data'));
    const operations = Array.from({ length: 1_000 }, (_, index) => {
      return { op: 'register', service: 'many', id: `i-${index}`, ...A, port: index + 1, lease: { ttlMs: 3_600_000 } };
    });
    for (let round = 0; round < 5; round++) {
      await answerOf(live, 'POST', '/ns/public/batch', {
        operations: operations.map((each) => ({ ...each, weight: round })),
      });
    }
    const backups = join(folder, 'backups');
    const whole = join(backups, 'whole');
    await run(program, ['backup', whole, '--data', live.data]);
    await checkBackup({ backup: whole, data: '' });

    let interrupted = 0;
    for (const delayMs of DELAYS_MS) {
      const target = join(backups, `killed-${delayMs}`);
      const isBegun = () => readdirSync(backups).some((name) => name.startsWith(`killed-${delayMs}.partial-`));
      await run(program, ['backup', target, '--data', live.data], isBegun, delayMs);
      if (existsSync(target)) await checkBackup({ backup: target, data: '' });
      else interrupted += 1;
    }
    for (const left of readdirSync(backups).filter((name) => name.includes('.partial-'))) {
      // A backup with all its checksums is complete except for its name.
      if (existsSync(join(backups, left, 'SHA256SUMS'))) continue;
      await expect(checkBackup({ backup: join(backups, left), data: '' })).rejects.toThrow('not a complete');
    }

    let refused = 0;
    for (const delayMs of DELAYS_MS) {
      const data = join(folder, `data-${delayMs}`);
      const isBegun = () => existsSync(join(data, RESTORING_NAME));
      await run(program, ['restore', whole, '--data', data], isBegun, delayMs);
      if (isBegun()) {
        await expect(startRegistry({ data })).rejects.toThrow('was interrupted');
        refused += 1;
        await restoreBackup({ backup: whole, data });
      }
      expect(storedCount(data)).toBe(operations.length);
    }
    expect([interrupted, refused]).toEqual([expect.toSatisfy(isPositive), expect.toSatisfy(isPositive)]);
    const last = join(folder, 'data-last');
    await run(program, ['restore', whole, '--data', last]);
    expect(await listOf(await start(last), 'public', 'many')).toHaveLength(operations.length);
    console.log(`of ${DELAYS_MS.length} each: ${interrupted} backups and ${refused} restores were interrupted`);
  });
});

describe("this machine's Node, which may lack SQLite,", () => {
  it("[U1, U4, U5] backs up, verifies and restores with the registry's own runtime", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'packed'));
    const program = await packedProgram(join(folder, 'packed'), (resident) => resident);
    const live = await start(join(folder, 'data'));
    await answerOf(live, 'PUT', `${servicePath('public', 'orders')}/instances/a`, A);
    const backup = join(folder, 'backup');
    const [data, restored] = [live.data, join(folder, 'restored')];
    const run = (...words: string[]) => {
      const options = { encoding: 'utf8', env: { ...process.env, PATH: systemPath() } } as const;
      const { status, stdout, stderr } = spawnSync(systemNode(), [program, ...words], options);
      return { status, stdout, stderr };
    };
    expect(run('backup', backup, '--data', data)).toMatchObject({ status: 0, stderr: '' });
    const checked = run('restore', backup, '--check', '--json');
    expect([checked.status, JSON.parse(checked.stdout)]).toMatchObject([0, { namespaces: [{ id: 'public' }] }]);
    const refused = run('restore', backup, '--data', data, '--force');
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('is in use by a registry (process ')]);
    expect(run('restore', backup, '--data', restored)).toMatchObject({ status: 0, stderr: '' });
    expect(await listOf(await start(restored), 'public', 'orders')).toMatchObject([{ id: 'a' }]);
  });
});
