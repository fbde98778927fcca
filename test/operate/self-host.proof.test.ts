import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { Program } from '../programs/program';
import { systemPath } from '../programs/system-node';
import { temporaryFolder } from '../programs/temporary-folder';

const PAGE = readFileSync(join(PROJECT_ROOT, 'docs/self-host.md'), 'utf8');
const ANSWERS = /listens on (http:\S+)/;

/** The commands of the page, one per line. */
const commands = [...PAGE.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block.trim().split('\n'),
);

/** A user's environment: their own Node first, and nothing from this project. */
const env = Object.fromEntries(
  Object.entries({ ...process.env, PATH: systemPath() }).filter(([name]) => !/^(npm_|PORT$|ROLLCALL_)/i.test(name)),
);

function shell(command: string, cwd: string): string {
  return execFileSync('sh', ['-c', command], { cwd, env, encoding: 'utf8', stdio: 'pipe' });
}

it('[M9, D2] the packed package serves, and every command of the self-hosting guide runs', async () => {
  // Every other test covers `npm ci && npm start`.
  expect(commands).toEqual([
    'npm ci && npm start',
    'npm pack',
    expect.stringMatching(/^npm install \.\/rollcall-[\d.]+\.tgz$/),
    'npx rollcall serve --data /var/lib/rollcall',
    'openssl rand -hex 32 > data/root-token',
    'curl -f http://127.0.0.1:8787/health',
    expect.stringMatching(/^curl -f .*\/stats$/),
    expect.stringMatching(/^curl -f .*\/metrics$/),
    'cp -a data data-backup',
  ]);
  const [, pack = '', install = '', serve = '', changeToken = '', health = '', stats = '', metrics = '', backUp = ''] =
    commands;

  // npm packs the project's folder in place, so this one command can't run elsewhere.
  const folder = temporaryFolder();
  const tarball = shell(`${pack} --silent --pack-destination '${folder}'`, PROJECT_ROOT).trim();
  expect(install).toBe(`npm install ./${tarball}`);
  const packed = shell(`tar -tzf ${tarball}`, folder).trim().split('\n');
  expect(packed).toEqual(
    expect.arrayContaining([
      'package/bin/rollcall.js',
      'package/dist/rollcall.js',
      'package/dist/resident.js',
      'package/dist/checkpoint-worker.js',
      'package/dist/worker.js',
      'package/dist/licenses.txt',
      'package/dist/client/index.js',
    ]),
  );
  expect(
    packed.filter(
      (path) =>
        !/^package\/(package\.json|LICENSE|README\.md|CHANGELOG\.md|dist\/(commit|licenses\.txt)|(bin|dist|docs)\/[\w-]+\.(js|md)|dist\/client\/[\w-]+(\.d\.ts|\.js)|dist\/client\/(admin|entries|locks|resolve|session|watch|wire)\/[\w-]+\.d\.ts)$/.test(
          path,
        ),
    ),
  ).toEqual([]);

  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  shell(`${install} --prefer-offline --no-audit --no-fund --silent`, folder);
  // npm links `#!` scripts, which must be executable.
  expect(statSync(join(folder, 'node_modules/.bin/rollcall')).mode & 0o111).not.toBe(0);

  // The built files contain all packages, so only Deno is installed.
  expect(
    readdirSync(join(folder, 'node_modules'))
      .filter((name) => !name.startsWith('.'))
      .sort(),
  ).toEqual(['@deno', 'rollcall']);

  const data = join(folder, 'data');
  const start = () => {
    const command = serve.replace('/var/lib/rollcall', 'data');
    return new Program('sh', ['-c', `exec ${command} --port 0`], { cwd: folder, env });
  };
  const first = start();
  const url = await first.prints(ANSWERS);
  const at = (command: string) => shell(command.replace('http://127.0.0.1:8787', url), folder);
  expect(JSON.parse(at(health))).toMatchObject({ status: 'ok' });
  const orders = `${url}/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders`;
  const authorized = `-sS -H "Authorization: Bearer $(cat data/root-token)" -H 'Content-Type: application/json'`;
  shell(`curl ${authorized} -X PUT ${orders}/instances/orders-1 -d '{"address": "10.0.0.7", "port": 8080}'`, folder);
  expect(JSON.parse(shell(`curl ${authorized} ${orders}/resolve`, folder))).toMatchObject({
    instances: [{ id: 'orders-1', address: '10.0.0.7', port: 8080 }],
  });
  expect(JSON.parse(at(stats))).toMatchObject({ instances: 1 });
  expect(at(metrics)).toMatch(/^# HELP /m);
  first.kill('SIGTERM');
  await first.end();

  shell(backUp, folder);
  expect(readdirSync(join(folder, 'data-backup')).sort()).toEqual(readdirSync(data).sort());
  expect(readdirSync(data).sort()).toEqual(['lock.sqlite', 'root-token', 'storage']);
  shell(changeToken, folder);
  expect(statSync(join(data, 'root-token')).mode & 0o777).toBe(0o600);
  const second = start();
  const again = (await second.prints(ANSWERS)).replaceAll(/\/$/g, '');
  expect(JSON.parse(shell(stats.replace('http://127.0.0.1:8787', again), folder))).toMatchObject({ instances: 1 });
});
