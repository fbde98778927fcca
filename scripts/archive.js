/**
 * Makes `rollcall-<version>-<platform>.tar.gz`: Deno, the built files and a start script, which need nothing else on a
 * machine. `npm run archive -- --out <folder>`; the platform is that of this machine.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { out: { type: 'string', default: '.' } } });
const { platform, arch } = process;
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Returns the path of the Deno that npm has installed for this machine. */
function deno() {
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'deno');
  } catch {
    throw new Error(`npm has not installed ${name}: run npm ci without --omit=optional`);
  }
}

execFileSync(process.execPath, ['scripts/prepack.js'], { stdio: 'inherit' });
const name = `rollcall-${version}-${platform}-${arch}`;
const staging = mkdtempSync(join(tmpdir(), 'rollcall-archive-'));
try {
  const root = join(staging, name);
  for (const folder of ['bin', 'dist']) mkdirSync(join(root, folder), { recursive: true });
  for (const path of ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json', 'bin/rollcall.js']) {
    copyFileSync(path, join(root, path));
  }
  for (const file of ['rollcall.js', 'resident.js', 'checkpoint-worker.js', 'commit', 'licenses.txt']) {
    copyFileSync(join('dist', file), join(root, 'dist', file));
  }
  copyFileSync('examples/operate/rollcall.service', join(root, 'rollcall.service'));
  copyFileSync('scripts/start.sh', join(root, 'rollcall'));
  copyFileSync(deno(), join(root, 'deno'));
  for (const program of ['rollcall', 'deno']) chmodSync(join(root, program), 0o755);
  mkdirSync(values.out, { recursive: true });
  const archive = resolve(values.out, `${name}.tar.gz`);
  // The building user does not exist on other machines.
  execFileSync('tar', ['-czf', archive, '-C', staging, '--owner=0', '--group=0', name]);
  console.log(archive);
} finally {
  rmSync(staging, { recursive: true, force: true });
}
