import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { Program } from '../programs/program';
import { temporaryFolder, temporaryFolderOfFile } from '../programs/temporary-folder';

const ANSWERS = /listens on (http:\S+)/;

const folder = temporaryFolderOfFile();
/** Folder of the unpacked archive, with a space in its path. */
let root = '';

beforeAll(() => {
  const archive = execFileSync(process.execPath, ['scripts/archive.js', '--out', folder], {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
  }).trim();
  expect(archive).toMatch(/\/rollcall-\d+\.\d+\.\d+-\w+-\w+\.tar\.gz$/);
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const [name = ''] = readdirSync(folder).filter((each) => !each.endsWith('.gz'));
  root = join(folder, name);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const run = (words: string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(join(root, 'rollcall'), words, { cwd: temporaryFolder(), env, encoding: 'utf8' });

test('[M16] the archive holds Deno, the built files and their launcher', () => {
  expect(readdirSync(root).sort()).toEqual(
    [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin',
      'deno',
      'dist',
      'package.json',
      'rollcall',
      'rollcall.service',
    ].sort(),
  );
  expect(readdirSync(join(root, 'dist')).sort()).toEqual([
    'checkpoint-worker.js',
    'commit',
    'licenses.txt',
    'resident.js',
    'rollcall.js',
  ]);
  const licenses = readFileSync(join(root, 'dist/licenses.txt'), 'utf8');
  for (const name of ['commander', 'hono', 'lru-cache', 'ws', 'zod', 'preact', '@preact/signals']) {
    expect(licenses).toMatch(new RegExp(`^${name} \\d[^]{0,300}(Permission is hereby granted|Blue Oak)`, 'm'));
  }
  expect(licenses).toMatch(/^wouter-preact \d/m);
});

test('[M16] it starts a registry from an empty folder in an empty environment, as one process, which exits cleanly', async () => {
  const cwd = temporaryFolder();
  // A configuration file nearby must have no effect.
  writeFileSync(join(cwd, 'deno.json'), '{"imports": {"node:http": "./nowhere.js"}, "lock": true');
  const start = () => new Program(join(root, 'rollcall'), ['serve', '--port', '0'], { cwd, env: {} });
  const first = start();
  const url = await first.prints(ANSWERS);
  // The script has been replaced by the process, so signals reach it directly.
  expect(readFileSync(`/proc/${first.pid}/cmdline`, 'utf8')).toMatch(/\/deno\0run\0/);
  expect(JSON.parse(readFileSync(join(cwd, 'data/lock.json'), 'utf8'))).toMatchObject({
    pid: first.pid,
    launcher: null,
  });
  await first.prints(/at most \d+, by the descriptor limit/);
  const token = readFileSync(join(cwd, 'data/root-token'), 'utf8').trim();
  expect(first.printed).not.toContain(token);
  const orders = `${url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances`;
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const body = '{"address": "10.0.0.7", "port": 8080}';
  expect((await fetch(`${orders}/orders-1`, { method: 'PUT', headers, body })).status).toBe(201);

  const other = start();
  expect(await other.end()).toEqual({ code: 1, signal: null });
  expect(other.stderr.join()).toContain(`in use by a registry (process ${first.pid}, since`);

  const listed = run(['ls', 'orders', '--json'], { ROLLCALL_URL: url, ROLLCALL_TOKEN: token });
  expect([listed.status, listed.stderr]).toEqual([0, '']);
  expect(listed.stdout).toContain('orders-1');
  first.kill('SIGTERM');
  expect(await first.end()).toEqual({ code: 0, signal: null });
  expect(first.stderr).toEqual(['Stopping.']);

  const again = start();
  const answer = await fetch(`${await again.prints(ANSWERS)}/api/v1/ns/public/stats`, { headers });
  expect(await answer.json()).toMatchObject({ instances: 1 });
});

test('[M16] it starts through a link, with a data folder whose name needs shell quoting', async () => {
  const cwd = temporaryFolder();
  const link = join(cwd, 'rollcall');
  symlinkSync(join(root, 'rollcall'), link);
  mkdirSync(join(cwd, 'it\'s $HOME, "odd"'));
  const words = ['serve', '--port', '0', '--data', 'it\'s $HOME, "odd"'];
  const program = new Program(link, words, { cwd, env: { PATH: '/usr/bin:/bin' } });
  await program.prints(ANSWERS);
  expect(readdirSync(join(cwd, 'it\'s $HOME, "odd"'))).toContain('root-token');
});

test('[M16] it reports invalid arguments, and --help starts nothing', () => {
  expect(run(['serve', '--port', 'eighty'])).toMatchObject({ status: 2, stdout: '' });
  expect(run(['serve', '--port', 'eighty']).stderr).toMatch(/^--port must be a port/);
  expect(run(['serve', '--help']).stdout).toMatch(/^Usage: rollcall serve/);
  expect(run(['serve', '--help']).status).toBe(0);
  expect(run([]).status).toBe(2);
  expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
