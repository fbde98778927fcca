import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { HOSTS, startOn } from '../programs/host';
import { Program } from '../programs/program';
import type { RunningRegistry } from '../programs/registry';
import { temporaryFolder, temporaryFolderOfFile } from '../programs/temporary-folder';
import { METHOD_TESTS, REFUSED_METHODS } from './consul-method-calls';
import { methodCaller, methodsOf, npmClient } from './consul-methods';

/** Every method of `consul` 2.0.1 of npm, and a program that has HashiCorp's own client for Go, against both hosts. */

const SUPPORT = readFileSync(join(PROJECT_ROOT, 'src/dialects/consul/README.md'), 'utf8').split('\n');

it('there is a test for each method of the client of npm', () => {
  const tested = [...Object.keys(METHOD_TESTS), ...Object.keys(REFUSED_METHODS)];
  expect(tested.sort()).toEqual(methodsOf(npmClient('http://127.0.0.1:1/v1', {})).sort());
});

describe.each(HOSTS)('in %s', (host) => {
  const data = temporaryFolderOfFile();
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(host, { data });
  });
  afterAll(() => registry.stop());

  const caller = () => methodCaller(npmClient(`${registry.url}/v1`, { defaults: { token: registry.rootToken } }));

  it.each(Object.keys(METHOD_TESTS))('the client of npm calls %s', async (method) => {
    await METHOD_TESTS[method]?.(caller(), `test-${method.replaceAll('.', '-')}`);
  });

  it.each(Object.entries(REFUSED_METHODS))(
    'the client of npm is refused %s, as the table of support says',
    async (method, { words, error, row }) => {
      // The client moves the token of its options into the body of a prepared query.
      const headers = { authorization: `Bearer ${registry.rootToken}` };
      const call = methodCaller(npmClient(`${registry.url}/v1`, { headers }));
      await expect(call(method, ...words)).rejects.toThrow(error);
      expect(SUPPORT.filter((line) => line.startsWith(row))).toEqual([expect.stringContaining(' | not | ')]);
    },
  );

  it("a program with Consul's client for Go writes, reads and lists keys through a gateway", async () => {
    const words = ['gateway', '--url', registry.url, '--consul-port', '0', '--default-token'];
    const env = { ...process.env, ROLLCALL_TOKEN: registry.rootToken };
    const gateway = new Program(process.execPath, [join(PROJECT_ROOT, 'bin', 'rollcall.js'), ...words], { env });
    const endpoint = new URL(await gateway.prints(/is at (http:\S+);/)).host;
    const crypt = async (command: string, ...rest: string[]) => {
      const options = ['-plaintext', '-backend', 'consul', '-endpoint', endpoint];
      const program = new Program('/usr/bin/crypt-xordataexchange', [command, ...options, ...rest]);
      const { code } = await program.end();
      return { code, printed: program.printed };
    };
    const file = join(temporaryFolder(), 'value');
    writeFileSync(file, 'wörld');
    expect(await crypt('set', 'go/config', file)).toEqual({ code: 0, printed: '' });
    expect(await crypt('get', 'go/config')).toEqual({ code: 0, printed: 'wörld' });
    expect(await crypt('list', 'go/')).toEqual({ code: 0, printed: 'go/config: wörld' });
    expect(await caller()('kv.get', 'go/config')).toMatchObject({ Value: 'wörld' });
    expect((await crypt('get', 'go/absent')).code).not.toBe(0);
  });
});
