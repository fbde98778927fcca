import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Admin, rollcallAdmin } from '../../src/client/admin';
import { CliStage } from './cli-stage';

/** `rollcall console`: a link that signs in once. */

let stage: CliStage;
let admin: Admin;
beforeAll(async () => {
  stage = await CliStage.start();
  admin = rollcallAdmin({ url: stage.registry.url, token: stage.registry.rootToken });
});
afterAll(() => stage.stop());

/** Environment without a display and without SSH, so that only the test decides. */
const PLAIN = { DISPLAY: undefined, WAYLAND_DISPLAY: undefined, SSH_TTY: undefined, SSH_CONNECTION: undefined };

const ticketIn = (url: string): string => decodeURIComponent(new URL(url).hash.replace(/^#ticket=/, ''));

/** Puts a program in the place of `xdg-open` that writes its argument to a file. */
function handOpener(name: string): { env: NodeJS.ProcessEnv; path: string } {
  const folder = join(stage.folder, name);
  const path = join(folder, 'opened');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'xdg-open'),
    `#!/bin/sh\nprintf %s "$1" > '${path}.part' && mv '${path}.part' '${path}'\n`,
  );
  chmodSync(join(folder, 'xdg-open'), 0o755);
  return { env: { ...PLAIN, DISPLAY: ':0', PATH: `${folder}:${process.env.PATH}` }, path };
}

describe('rollcall console', () => {
  it('prints a link that signs in once, with the permissions of the token', async () => {
    const { code, stdout, stderr } = await stage.run(['console'], PLAIN);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'The link works once, within 30s.\n' });
    const url = stdout.trimEnd();
    expect(url.startsWith(`${stage.registry.url}/console#ticket=`)).toBe(true);
    const ticket = ticketIn(url);
    const redeemed = await admin.redeemTicket({ body: { ticket } });
    expect(redeemed).toMatchObject({ tokenId: 'root' });
    await expect(admin.redeemTicket({ body: { ticket } })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await fetch(url)).status).toBe(200);
  });

  it('opens the chosen namespace', async () => {
    for (const words of [['-n', 'shop'], []]) {
      const { stdout } = await stage.run(['console', ...words], { ...PLAIN, ROLLCALL_NAMESPACE: 'shop' });
      expect(stdout).toContain(`${stage.registry.url}/console/shop/services#ticket=`);
    }
  });

  it('opens a browser, and prints the same link', async () => {
    const { env, path } = handOpener('browser');
    const { stdout } = await stage.run(['console', '--json'], env);
    const { url, opened, expiresAt } = JSON.parse(stdout);
    expect([opened, Date.parse(expiresAt) > Date.now()]).toEqual([true, true]);
    await expect.poll(() => existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(url);
  });

  it('opens none with --no-open, over SSH, or if there is none, and succeeds', async () => {
    const { env, path } = handOpener('unused');
    const runs: [string[], NodeJS.ProcessEnv][] = [
      [['--no-open'], env],
      [[], { ...env, SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }],
      [[], { ...PLAIN, DISPLAY: ':0', PATH: stage.folder }],
    ];
    for (const [words, more] of runs) {
      const { code, stdout } = await stage.run(['console', '--json', ...words], more);
      expect([code, JSON.parse(stdout).opened]).toEqual([0, false]);
    }
    expect(existsSync(path)).toBe(false);
  });

  it('needs a token, and shows none', async () => {
    const denied = await stage.run(['console'], { ...PLAIN, ROLLCALL_TOKEN: 'wrong' });
    expect([denied.code, denied.stdout]).toEqual([4, '']);
    const { stdout, stderr } = await stage.run(['console', '--verbose'], PLAIN);
    expect(stdout + stderr).not.toContain(stage.registry.rootToken);
    expect(stderr).not.toContain(ticketIn(stdout.trimEnd()));
  });

  it.each([
    [404, 1, 'has no console: its version is too old.\nUpdate the registry; rollcall doctor shows its version.\n'],
    [503, 6, '/console responds with status 503.\nDiagnose it with rollcall doctor.\n'],
  ])('explains a registry whose console responds with status %i', async (status, code, message) => {
    const registry = createServer((request, response) => {
      const isTicket = request.url === '/api/v1/tickets';
      response.writeHead(isTicket ? 201 : status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ ticket: 'a-ticket', expiresAt: new Date().toISOString() }));
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void registry.close());
    const { port } = registry.address() as AddressInfo; // `as`: it listens on TCP
    const ended = await stage.run(['console', '--url', `http://127.0.0.1:${port}`], PLAIN);
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
  });
});
