import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliStage } from './cli-stage';

/** Errors, and what else scripts depend on: exit codes, standard error, colour, the default registry. */

let stage: CliStage;
beforeAll(async () => {
  stage = await CliStage.start();
});
afterAll(() => stage.stop());

const lines = (text: string): string[] => text.trimEnd().split('\n');

describe('exit codes and errors', () => {
  it.each([
    [
      2,
      ['register', 'x', 'a', '--address', 'not an address', '--port', '80'],
      /^--address must be an IPv4 or IPv6 address or a host name, got "not an address"\.\n$/,
    ],
    [2, ['ls', '--url', 'nonsense'], /^--url must start with http:\/\/ or https:\/\/, got "nonsense"\.\n/],
    [3, ['get', 'missing'], /rollcall ls\n$/],
    [
      4,
      ['ls', '--token', 'wrong'],
      /^http:\S+ refused the token from --token: the token is not valid: .* from another registry\.\n.*rollcall token create\n$/,
    ],
    [6, ['ls', '--url', 'http://127.0.0.1:1023'], /^Cannot reach http:\/\/127\.0\.0\.1:1023: connection refused\.\n/],
    [6, ['ls', '--url', 'http://no-such-host.invalid'], /no such host/],
  ])('%i: %j', async (exitCode, words, expected) => {
    const { code, stdout, stderr } = await stage.run(words);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(expected);
  });

  it.each([
    [3, 'SERVICE_NOT_FOUND', ['ls', 'missing']],
    [3, 'INSTANCE_NOT_FOUND', ['heartbeat', 'missing', 'a']],
    [2, 'INVALID_REQUEST', ['history', '--cause', 'nothing']],
    [2, 'USAGE', ['ls', '--nothing']],
    [4, 'UNAUTHENTICATED', ['ls', '--token', 'wrong']],
    [6, 'UNREACHABLE', ['ls', '--url', 'http://127.0.0.1:1023']],
  ])('[K32] with --json, %i is one line of JSON with the code %s', async (exitCode, errorCode, words) => {
    const { code, stdout, stderr } = await stage.run([...words, '--json']);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(lines(stderr)).toHaveLength(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: errorCode, message: expect.any(String) } });
  });

  it('[K38] recognizes a url with a path, https to a port with http, and an unset token', async () => {
    const { url } = stage.registry;
    const { host } = new URL(url);
    const refused = async (words: string[], env: NodeJS.ProcessEnv = {}) => {
      const { code, stderr } = await stage.run(['ls', ...words], env);
      return [code, ...lines(stderr)];
    };
    expect(await refused(['--url', `${url}/console`])).toEqual([
      2,
      `The url of the registry has no path, got ${url}/console.`,
      `Use ${url} instead.`,
    ]);
    expect(await refused(['--url', `https://${host}`])).toEqual([
      6,
      `Cannot reach https://${host}: it does not speak https.`,
      `Use ${url} as the url, if it has no certificate.`,
    ]);
    expect(await refused(['--url', host])).toEqual([
      2,
      `--url must start with http:// or https://, got "${host}".`,
      `Use http://${host} or https://${host}.`,
    ]);
    expect(await refused([], { ROLLCALL_TOKEN: undefined })).toEqual([
      4,
      `${url} requires a token, and none is set.`,
      'Set ROLLCALL_TOKEN, or save a token: rollcall context add <name> --url <url> --token-file <file>',
    ]);
    const { stdout } = await stage.run(['doctor'], { ROLLCALL_TOKEN: undefined });
    expect(stdout).toMatch(/^✗ +token +no token is set: neither --token nor ROLLCALL_TOKEN\n +→ Set ROLLCALL_TOKEN/m);
  });

  it('[K38] recognizes a web page that is not of a registry', async () => {
    const page = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end('<p>hello'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void page.close());
    // `as`: it listens on TCP
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const { code, stderr } = await stage.run(['ls', '--url', url]);
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: `${url} is not a registry: it responds with a web page.\nCheck the url and its port; it is from --url.\n`,
    });
  });

  it('[K1] 124: a registry that does not answer in the time given', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    // `as`: it listens on TCP
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { code, stderr } = await stage.run(['ls', '--url', url, '--timeout', '300ms']);
    expect(code).toBe(124);
    expect(stderr).toBe(
      `${url} did not respond within 300ms.\nAllow more time with --timeout, or diagnose it with rollcall doctor.\n`,
    );
    silent.closeAllConnections();
  });

  it('colours if FORCE_COLOR is set, and not into a pipe', async () => {
    await stage.register('painted', 'painted-1');
    expect((await stage.run(['ls', 'painted'])).stdout).not.toContain('\u001b[');
    expect((await stage.run(['ls', 'painted'], { FORCE_COLOR: '1' })).stdout).toContain('\u001b[32mavailable');
  });

  it('[K2] finds the registry of this folder by itself, and says so only when asked', async () => {
    const { code, stderr } = await stage.run(['ls', '--verbose'], {
      ROLLCALL_URL: undefined,
      ROLLCALL_TOKEN: undefined,
    });
    // There may be no listener on the default port of this machine.
    expect([0, 4, 6]).toContain(code);
    expect(stderr).toMatch(/^url http:\/\/127\.0\.0\.1:8787 \(default\)\ntoken from data\/root-token\n/);
  });

  it('ends quietly when its output is closed', () => {
    const shell = `rollcall --help | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', shell], { encoding: 'utf8', env: stage.env() });
    expect({ stdout, stderr }).toEqual({ stdout: 'Rollcall, a service registry.\n0\n', stderr: '' });
  });

  it('version is the one of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const word of ['version', '--version', '-v']) {
      expect(await stage.run([word])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    }
  });
});
