import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { Program } from '../programs/program';
import { systemPath } from '../programs/system-node';
import { temporaryFolder } from '../programs/temporary-folder';
import { readStages, restsOf, wordsOf } from './dockerfile';

/**
 * There is no Docker where this runs: the commands of the Dockerfile are, in folders in the place of the image's. What is not
 * run: the base image, `npm ci --ignore-scripts` (npm ci is what these tests are installed by), the volume, the user.
 */

const [pack = [], image = []] = readStages(readFileSync(join(PROJECT_ROOT, 'Dockerfile'), 'utf8'));

/** The environment of an image: the Node of this machine, and nothing of this project's. */
const env = Object.fromEntries(
  Object.entries({ ...process.env, PATH: systemPath() }).filter(([name]) => !/^(npm_|PORT$|ROLLCALL_)/i.test(name)),
);

it('[M14] the container file names its base by digest, the same in both stages', () => {
  const bases = [pack, image].map((stage) => restsOf(stage, 'FROM')[0]?.replace(/ AS .*/, ''));
  expect(bases[0]).toMatch(/^node:24-slim@sha256:[0-9a-f]{64}$/);
  expect(bases[1]).toBe(bases[0]);
});

it('[M12, M14] the commands of the container file pack, install and start a registry, as a user of its own', async () => {
  const folder = temporaryFolder();
  const [opt, data, tarball] = [join(folder, 'opt'), join(folder, 'data'), join(folder, 'rollcall.tgz')];
  const inFolder = (command: string) =>
    command
      .replaceAll('/tmp/rollcall.tgz', `'${tarball}'`)
      .replaceAll('/opt/rollcall', opt)
      .replaceAll('/data', `'${data}'`)
      .replace('-o node -g node ', '') // there is no such user here
      .replace(' && npm cache clean --force', '') // of an image's own cache
      .replace('npm ci ', 'npm ci --prefer-offline ');
  const shell = (command: string, cwd: string) => execFileSync('sh', ['-c', command], { cwd, env, stdio: 'pipe' });

  const packing = restsOf(pack, 'RUN').at(-1) ?? '';
  expect(restsOf(pack, 'RUN')).toEqual(['npm ci --ignore-scripts', 'npm pack --pack-destination /tmp']);
  for (const copied of restsOf(pack, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1))) {
    expect([copied, existsSync(join(PROJECT_ROOT, copied))]).toEqual([copied, true]);
  }
  shell(packing.replace('/tmp', `'${folder}'`), PROJECT_ROOT);
  const [packed = 'none'] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  expect(restsOf(image, 'COPY')).toEqual([
    '--from=pack /tmp/rollcall-*.tgz /tmp/rollcall.tgz',
    'package-lock.json .npmrc ./',
  ]);
  shell(`mv ${packed} rollcall.tgz && mkdir opt`, folder);
  for (const { name, rest } of image) {
    if (name === 'RUN') shell(inFolder(rest), opt);
    else if (name === 'COPY' && !rest.startsWith('--from=')) {
      for (const file of rest.split(' ').slice(0, -1)) copyFileSync(join(PROJECT_ROOT, file), join(opt, file));
    }
  }
  const versionsIn = (file: string): Record<string, { version?: string }> =>
    JSON.parse(readFileSync(file, 'utf8')).packages;
  const locked = versionsIn(join(PROJECT_ROOT, 'package-lock.json'));
  const installed = Object.entries(versionsIn(join(opt, 'node_modules', '.package-lock.json')));
  expect(installed.length).toBeGreaterThan(5);
  for (const [path, { version }] of installed) expect([path, version]).toEqual([path, locked[path]?.version]);
  expect([existsSync(tarball), statSync(data).mode & 0o777]).toEqual([false, 0o700]);
  expect([restsOf(image, 'USER'), restsOf(image, 'VOLUME')]).toEqual([['node'], ['/data']]);

  const variables = Object.fromEntries((restsOf(image, 'ENV')[0] ?? '').split(' ').map((each) => each.split('=')));
  expect(variables).toEqual({ ROLLCALL_COMMIT: '$COMMIT', ROLLCALL_DATA: '/data' });
  const [entry = '', ...words] = [...wordsOf(image, 'ENTRYPOINT'), ...wordsOf(image, 'CMD')];
  expect(words).toEqual(['serve', '--host', '0.0.0.0']);
  const registry = new Program(entry.replace('/opt/rollcall', opt), [...words, '--port', '0'], {
    cwd: opt,
    env: { ...env, ROLLCALL_DATA: data, ROLLCALL_COMMIT: 'c0ffee' },
  });
  const url = await registry.prints(/answers on (http:\S+)/);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', commit: 'c0ffee' });

  const [node = '', ...check] = wordsOf(image, 'HEALTHCHECK').map((word) => word.replace('http://127.0.0.1:8787', url));
  expect(restsOf(image, 'EXPOSE')).toEqual(['8787']);
  const isWell = () => spawnSync(node, check, { cwd: opt, env }).status;
  expect(isWell()).toBe(0);
  registry.kill('SIGTERM');
  expect(await registry.end()).toEqual({ code: 0, signal: null });
  expect(isWell()).toBe(1);
});
