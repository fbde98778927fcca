import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/launcher/listening-address';
import { PROJECT_ROOT } from '../house/source-tree';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';

/** Runs a shell command and its child processes until the end of the test. */
function run(command: string, env: NodeJS.ProcessEnv = {}): void {
  const child = spawn('sh', ['-c', command], {
    cwd: PROJECT_ROOT,
    detached: true,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  onTestFinished(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  });
}

it('[D2, D5] the edge caller runs as its page says, beside a greeter of the fleet', async () => {
  const registry = await startRegistry({ data: join(temporaryFolder(), 'data') });
  onTestFinished(() => registry.stop());
  const port = await freePort();
  const page = readFileSync(join(PROJECT_ROOT, 'examples/edge-caller/README.md'), 'utf8');
  const command = /^npm run build:client.*$/m.exec(page)?.[0] ?? 'false';
  run('exec node examples/fleet/greeter.js greeter-1', {
    ROLLCALL_URL: registry.url,
    ROLLCALL_TOKEN: registry.rootToken,
  });
  run(
    command
      .replace('http://127.0.0.1:8787', registry.url)
      .replace('$(cat data/root-token)', registry.rootToken)
      .replace('8788', String(port)),
    { WRANGLER_LOG_PATH: temporaryFolder(), CI: '1' },
  );
  const ask = () => fetch(`http://127.0.0.1:${port}`).then((answer) => answer.text(), String);
  await expect.poll(ask, { timeout: 60_000, interval: 200 }).toBe('hello from greeter-1\n');
});
