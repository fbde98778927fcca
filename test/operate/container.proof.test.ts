import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { Program } from '../programs/program';
import { systemPath } from '../programs/system-node';
import { temporaryFolder } from '../programs/temporary-folder';
import { readStages, restsOf, wordsOf } from './dockerfile';

/**
 * Runs the commands of the Dockerfile without Docker, in folders that replace those of the image. Not covered: the base
 * image, `npm ci --ignore-scripts` (npm ci has installed these tests), the volume, the user.
 */

const [pack = [], image = []] = readStages(readFileSync(join(PROJECT_ROOT, 'Dockerfile'), 'utf8'));

/** The environment of an image: the Node of this machine, and nothing from this project. */
const env = Object.fromEntries(
  Object.entries({ ...process.env, PATH: systemPath() }).filter(([name]) => !/^(npm_|PORT$|ROLLCALL_)/i.test(name)),
);

it('[M14] the Dockerfile pins its base by digest, the same in both stages', () => {
  const bases = [pack, image].map((stage) => restsOf(stage, 'FROM')[0]?.replace(/ AS .*/, ''));
  expect(bases[0]).toMatch(/^node:24-slim@sha256:[0-9a-f]{64}$/);
  expect(bases[1]).toBe(bases[0]);
});

it('[M12, M14] the commands of the Dockerfile pack, unpack and start a registry, as a separate user', async () => {
  const folder = temporaryFolder();
  const [opt, data, tarball] = [join(folder, 'opt'), join(folder, 'data'), join(folder, 'rollcall.tar.gz')];
  const inFolder = (command: string) =>
    command
      .replaceAll('/tmp/rollcall.tar.gz', `'${tarball}'`)
      .replaceAll('/opt/rollcall', opt)
      .replaceAll('/data', `'${data}'`)
      .replace('-o 1000 -g 1000 ', ''); // another user here
  const shell = (command: string, cwd: string) => execFileSync('sh', ['-c', command], { cwd, env, stdio: 'pipe' });

  const packing = restsOf(pack, 'RUN').at(-1) ?? '';
  expect(restsOf(pack, 'RUN')).toEqual(['npm ci --ignore-scripts', 'npm run archive -- --out /tmp/archive']);
  for (const copied of restsOf(pack, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1))) {
    expect([copied, existsSync(join(PROJECT_ROOT, copied))]).toEqual([copied, true]);
  }
  shell(packing.replace('/tmp/archive', `'${folder}'`), PROJECT_ROOT);
  const [archive = 'none'] = readdirSync(folder).filter((name) => name.endsWith('.tar.gz'));
  expect(restsOf(image, 'COPY')).toEqual(['--from=pack /tmp/archive/rollcall-*.tar.gz /tmp/rollcall.tar.gz']);
  shell(`mv ${archive} rollcall.tar.gz && mkdir opt`, folder);
  for (const command of restsOf(image, 'RUN')) shell(inFolder(command), opt);
  expect([existsSync(tarball), statSync(data).mode & 0o777]).toEqual([false, 0o700]);
  expect([restsOf(image, 'USER'), restsOf(image, 'VOLUME')]).toEqual([['1000:1000'], ['/data']]);

  const variables = Object.fromEntries((restsOf(image, 'ENV')[0] ?? '').split(' ').map((each) => each.split('=')));
  expect(variables).toEqual({ ROLLCALL_COMMIT: '$COMMIT', ROLLCALL_DATA: '/data' });
  const [entry = '', ...words] = [...wordsOf(image, 'ENTRYPOINT'), ...wordsOf(image, 'CMD')];
  expect(words).toEqual(['serve', '--host', '0.0.0.0']);
  const before = filesOf(opt);
  // Only the data folder is writable, and there is no home folder.
  const bare = { PATH: '/usr/bin:/bin', HOME: '/nonexistent' };
  const registry = new Program(entry.replace('/opt/rollcall', opt), [...words, '--port', '0'], {
    cwd: opt,
    env: { ...bare, ROLLCALL_DATA: data, ROLLCALL_COMMIT: 'c0ffee' },
  });
  const url = await registry.prints(/listens on (http:\S+)/);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', commit: 'c0ffee' });

  const [deno = '', ...check] = wordsOf(image, 'HEALTHCHECK').map((word) =>
    word.replace('http://127.0.0.1:8787', url).replace('/opt/rollcall', opt),
  );
  expect(restsOf(image, 'EXPOSE')).toEqual(['8787']);
  const isWell = () => spawnSync(deno, check, { cwd: opt, env: bare }).status;
  expect(isWell()).toBe(0);
  registry.kill('SIGTERM');
  expect(await registry.end()).toEqual({ code: 0, signal: null });
  expect(isWell()).toBe(1);
  expect(filesOf(opt)).toEqual(before);
});

/** Returns all files below a folder with the times of their last change. */
function filesOf(folder: string): [string, number][] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return paths.map((path) => [path, statSync(join(folder, path)).mtimeMs]);
}
