import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { call, idsOf, instancePath, put } from '../watch-proofs/registry-calls';
import type { Place } from '../watch-proofs/registry-socket';
import { until } from '../watch-proofs/until';
import { ServedRegistry } from './served-registry';

/** Text that is far too large for the remaining room. */
const LARGE = { filler: 'x'.repeat(8_000) };

const TTL_MS = 5_000;
const PAGE_BYTES = 4_096;

/** Fills a folder's disk and frees it again. */
interface Room {
  data: string;
  /** @param pid Process that should find no room. */
  take(pid: number): void;
  giveBack(pid: number): void;
}

/** A separate file system, if this user may mount one. */
function smallDisk(): Room | undefined {
  const data = temporaryFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'rollcall-test', data]).status !== 0) return undefined;
  onTestFinished(() => void execFileSync('umount', ['--lazy', data]));
  const filler = join(data, 'filler');
  return {
    data,
    take: () => fill(filler),
    giveBack: () => rmSync(filler),
  };
}

/** Writes a file until its disk has no page left. The registry may write at the same time, so the room is not known before. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  for (let bytes = 1024 * 1024; bytes >= PAGE_BYTES; ) {
    try {
      writeSync(file, Buffer.alloc(bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error; // `as`: the system throws nothing else
      bytes /= 2;
    }
  }
  closeSync(file);
}

/** A limit on the size of files, beyond which writes fail and raise a signal. */
function boundedFiles(): Room {
  const bound = (pid: number, most: string) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${most}:`]);
  return {
    data: temporaryFolder(),
    take: (pid) => bound(pid, String(128 * 1024)),
    giveBack: (pid) => bound(pid, 'unlimited'),
  };
}

interface Health {
  status: string;
  problems?: string[];
}

const healthOf = async ({ url }: Place): Promise<Health> => {
  const answer = await fetch(`${url}/health`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Health; // `as`: the test compares its value
};

/** Registers instances until there is no more room. */
async function useUp(registry: Place): Promise<string> {
  for (let index = 0; index < 1_000; index += 1) {
    const instance = { address: '127.0.0.1', port: 80, ephemeral: false, metadata: LARGE };
    const refusal = await call(registry, 'PUT', instancePath('large', `i-${index}`), instance).then(
      () => undefined,
      (error) => String(error),
    );
    if (refusal !== undefined) return refusal;
  }
  throw new Error('there is room for a thousand');
}

async function serves(room: Room, runtime: 'deno' | 'node', reason: RegExp): Promise<void> {
  const log: { level: string; message: string }[] = [];
  const output = (line: string) => void (line.startsWith('{') && log.push(JSON.parse(line)));
  const registry = await startRegistry({ data: room.data, runtime, output });
  onTestFinished(() => registry.stop());
  const lease = { ttlMs: TTL_MS };
  for (const id of ['beating', 'silent']) {
    await call(registry, 'PUT', instancePath('orders', id), { address: '127.0.0.1', port: 80, lease });
  }
  await put(registry, 'large', 'before', 80);
  room.take(registry.pid);
  expect(await useUp(registry)).toContain('503');

  const beats: Promise<unknown>[] = [];
  const beat = () => beats.push(call(registry, 'POST', `${instancePath('orders', 'beating')}/heartbeat`));
  const beating = setInterval(beat, 1_000);
  onTestFinished(() => clearInterval(beating));
  const fullSince = performance.now();
  await until('three times the ttl has passed', () => performance.now() - fullSince > 3 * TTL_MS);
  expect(await healthOf(registry)).toMatchObject({ status: 'degraded', problems: [expect.stringMatching(reason)] });
  await expect(put(registry, 'orders', 'new', 80)).rejects.toThrow(/503.*nothing can be stored/);
  // No instance was lost or added.
  expect(await idsOf(registry, 'orders')).toEqual(['beating', 'silent']);

  room.giveBack(registry.pid);
  await until('writes succeed again', async () => (await healthOf(registry)).status === 'ok');
  await put(registry, 'orders', 'new', 80);
  await until('the silent one is gone', async () => !(await idsOf(registry, 'orders')).includes('silent'));
  await Promise.all(beats);
  expect(await idsOf(registry, 'orders')).toEqual(['beating', 'new']);
  expect((await idsOf(registry, 'large')).includes('before')).toBe(true);
  const reports = log.filter(({ message }) => /nothing can be stored|stored again/.test(message));
  expect(reports.map(({ level }) => level)).toEqual(['error', 'warn']);
  expect(log.length).toBeLessThan(10);
}

describe('[L19, G11, M21] the contents are served, and no lease ends, until writes succeed again', () => {
  it('on a full disk, by Deno', async ({ skip }) => {
    const room = smallDisk();
    if (room === undefined) return skip('this user may not mount a file system');
    await serves(room, 'deno', /disk is full/);
  });

  it.each(['deno', 'node'] as const)('beyond a file size limit, by %s', (runtime) =>
    serves(boundedFiles(), runtime, /disk I\/O error/),
  );
});

it('[M21] a registry that starts on a full disk serves its contents', async ({ skip }) => {
  const room = smallDisk();
  if (room === undefined) return skip('this user may not mount a file system');
  const first = await ServedRegistry.start(room.data);
  await put(first, 'orders', 'a', 80);
  room.take(first.pid);
  await useUp(first);
  await first.kill();
  const { rootToken } = first;
  const second = await ServedRegistry.start(room.data, { rootToken });
  await expect(put(second, 'orders', 'b', 80)).rejects.toThrow(/503.*nothing can be stored/);
  expect(await idsOf(second, 'orders')).toEqual(['a']);
  room.giveBack(second.pid);
  await until('writes succeed again', async () => (await healthOf(second)).status === 'ok');
  await put(second, 'orders', 'b', 80);
});
