import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../programs/temporary-folder';
import { COMPATIBILITY_DATE, COMPATIBILITY_FLAGS, workerdConfig } from './workerd-config';
import { startWorkerd } from './workerd-process';

test('strings are escaped: no quote, backslash or line break ends one', () => {
  const config = workerdConfig({ modulePath: '/a"b\\c\nd', bindings: [{ name: 'X', text: '"), (name = "Y' }] });
  expect(config).toContain('embed "/a\\"b\\\\c\\x0ad"');
  expect(config).toContain('(name = "X", text = "\\"), (name = \\"Y")');
});

test('workerd accepts a module from any folder, and every kind of binding', async () => {
  const folder = join(temporaryFolder(), 'it\'s "odd" \\ é');
  mkdirSync(folder);
  const modulePath = join(folder, 'worker.js');
  copyFileSync('test/fixtures/stand-in-worker.js', modulePath);
  const workerd = await startWorkerd({
    config: workerdConfig({
      modulePath,
      objects: [{ binding: 'NAMESPACES', className: 'NamespaceObject', uniqueKey: 'test' }],
      bindings: [
        { name: 'ROLLCALL_ROOT_TOKEN', fromEnvironment: 'TEST_TOKEN' },
        { name: 'ROLLCALL_ONE_MACHINE', text: 'a "quoted" \\ text' },
        { name: 'ROLLCALL_TRUSTED_PROXY', fromEnvironment: 'NOBODY_SETS_THIS' },
      ],
    }),
    configPath: join(folder, 'workerd.capnp'),
    storage: folder,
    host: '127.0.0.1',
    port: 0,
    env: { ...process.env, TEST_TOKEN: 'abc' },
    output: () => {},
  });
  onTestFinished(() => workerd.kill('SIGKILL'));
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${workerd.port}${path}`, { headers: { Authorization: 'Bearer abc' } });
  expect(await (await get('/bindings')).json()).toEqual({ oneMachine: 'a "quoted" \\ text', trustedProxy: null });
  expect(await (await get('/count')).json()).toBe(1);
  expect(await workerd.stop()).toEqual({ code: 0, signal: null });
});

/** Parses a value of wrangler.toml, in which strings and lists of strings have the same form as in JSON. */
function wranglerSetting(name: string): unknown {
  const toml = readFileSync('wrangler.toml', 'utf8');
  const value = new RegExp(`^${name} = (.+)$`, 'm').exec(toml)?.[1];
  return JSON.parse(value ?? 'null');
}

/** Returns the lines of wrangler.toml below a heading, or those above all headings, without comments. */
function wranglerSection(heading: string): string[] {
  const [above = '', ...sections] = readFileSync('wrangler.toml', 'utf8').split(/^(?=\[)/m);
  const section = heading === '' ? above : sections.find((text) => text.startsWith(`[${heading}]\n`));
  return (section ?? '').split('\n').filter((line) => / = /.test(line) && !line.startsWith('#'));
}

test('[D6] Cloudflare keeps log lines but no invocation logs, and serves one version at one URL', () => {
  expect(wranglerSection('observability')).toEqual(['enabled = true']);
  expect(wranglerSection('observability.logs').sort()).toEqual([
    'enabled = true',
    'head_sampling_rate = 1',
    'invocation_logs = false',
  ]);
  expect(wranglerSection('')).toEqual(expect.arrayContaining(['workers_dev = true', 'preview_urls = false']));
});

test('one machine and Cloudflare run the Worker with the same compatibility date and flags', () => {
  expect(wranglerSetting('compatibility_date')).toBe(COMPATIBILITY_DATE);
  expect(wranglerSetting('compatibility_flags')).toEqual(COMPATIBILITY_FLAGS);
});
