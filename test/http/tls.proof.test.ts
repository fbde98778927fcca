import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { CliStage } from '../cli/cli-stage';
import { PROJECT_ROOT } from '../house/source-tree';
import { testAuthority } from '../programs/certificates';
import { startRegistry } from '../programs/registry';
import { systemNode } from '../programs/system-node';
import { temporaryFolder, temporaryFolderOfFile } from '../programs/temporary-folder';

/** Tests a registry that serves TLS itself, with a certificate of a private authority. */

const run = promisify(execFile);
const folder = temporaryFolderOfFile();
const authority = testAuthority(folder);
const NODE_EXTRA_CA_CERTS = authority.ca;

const CLIENT = join(PROJECT_ROOT, 'dist/client/index.js');

let stage: CliStage;

beforeAll(async () => {
  await run(process.execPath, [join(PROJECT_ROOT, 'scripts/build-client.js')], { cwd: PROJECT_ROOT });
  stage = await CliStage.start({ tls: authority.issue('registry', 'DNS:localhost,IP:127.0.0.1', 30) });
});
afterAll(() => stage.stop());

it('[M10] a registry answers over TLS at an address in its certificate, and keeps the key out of its command line and its data', async () => {
  expect(stage.registry.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const { stdout } = await run('curl', ['-sS', '--cacert', authority.ca, `${stage.registry.url}/health`]);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'ok' });
  await expect(run('curl', ['-sS', `${stage.registry.url}/health`])).rejects.toThrow(/certificate/);
  await expect(run('curl', ['-sS', stage.registry.url.replace('https', 'http')])).rejects.toThrow();
  const { pid, data } = stage.registry;
  const shown = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8'));
  const entries = readdirSync(data, { withFileTypes: true, recursive: true });
  const kept = entries
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  for (const text of [...shown, ...kept]) expect(String(text)).not.toContain('PRIVATE KEY');
});

it('[M10] the command line connects with the authority in NODE_EXTRA_CA_CERTS, and its error without it names that variable', async () => {
  const register = ['register', 'orders', 'a', '--address', '10.0.0.7', '--port', '8080', '--ttl', '10m'];
  expect(await stage.run(register, { NODE_EXTRA_CA_CERTS })).toMatchObject({ code: 0 });
  const { stdout } = await stage.run(['ls', '--json'], { NODE_EXTRA_CA_CERTS });
  expect(JSON.parse(stdout)).toMatchObject({ services: [{ instances: 1 }] });
  const { code, stdout: checks } = await stage.run(['doctor', '--json'], { NODE_EXTRA_CA_CERTS });
  expect([code, checks]).toEqual([0, expect.not.stringContaining('"bad"')]);
  const refused = await stage.run(['ls']);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('NODE_EXTRA_CA_CERTS');
});

it('[M10, M11] `rollcall serve` serves over TLS, and reports an invalid certificate before it creates anything', async () => {
  const { certPath, keyPath } = authority.issue('served', 'DNS:localhost', 30);
  const foreign = authority.issue('foreign', 'DNS:other.example', 30);
  const data = join(folder, 'served');
  const serve = (key: string) => ['serve', '--port', '0', '--data', data, '--tls-cert', certPath, '--tls-key', key];
  const { code, stderr } = await stage.run(serve(foreign.keyPath));
  expect([code, stderr]).toEqual([1, expect.stringContaining('does not match the first certificate')]);
  expect(existsSync(data)).toBe(false);
  const registry = stage.begin(serve(keyPath));
  const url = await registry.prints(/listens on (https:\S+)/);
  // The name in the certificate, not the address that it listens on.
  expect(new URL(url).hostname).toBe('localhost');
  const { stdout } = await run('curl', ['-sS', '--cacert', authority.ca, `${url}/health`]);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'ok' });
  registry.kill('SIGTERM');
  expect(await registry.end()).toEqual({ code: 0, signal: null });
});

it('[M10] workerd presents a renewed certificate after a restart', async () => {
  const files = authority.issue('renewed', 'DNS:localhost,IP:127.0.0.1', 30);
  const registry = await startRegistry({ data: temporaryFolder(), tls: files });
  onTestFinished(() => registry.stop());
  const subject = async () => (await run('curl', ['-sSv', '--cacert', authority.ca, `${registry.url}/health`])).stderr;
  expect(await subject()).toContain('subject: CN=renewed');
  const { certPath, keyPath } = authority.issue('successor', 'DNS:localhost,IP:127.0.0.1', 30);
  copyFileSync(certPath, files.certPath);
  copyFileSync(keyPath, files.keyPath);
  await registry.kill('SIGKILL');
  expect(await subject()).toContain('subject: CN=successor');
});

it.each([
  ['the Node of this machine', systemNode()],
  ['a Node with WebSockets', process.execPath],
])('[M10] the client connects over TLS, in %s', async (_, node) => {
  const program = join(folder, 'client.mjs');
  writeFileSync(
    program,
    `import { rollcall } from ${JSON.stringify(CLIENT)};
const client = rollcall({ url: process.env.ROLLCALL_URL, token: process.env.ROLLCALL_TOKEN });
const greeter = await client.register({ service: 'greeter', id: 'g', address: '10.0.0.8', port: 80 });
const watch = client.watch({ services: ['greeter'] });
for await (const event of watch) {
  console.log(event.type, greeter.isHeld);
  break;
}
await client.close();
process.exit(0);
`,
  );
  const env = { ...stage.env(), NODE_EXTRA_CA_CERTS };
  const { stdout } = await run(node, [program], { env, timeout: 60_000 });
  expect(stdout.trim()).toBe('snapshot true');
});
