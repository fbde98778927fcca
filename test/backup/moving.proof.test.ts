import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readersEnvironment } from '../docs/readers-environment';
import { runSteps } from '../docs/walk';
import { PROJECT_ROOT } from '../house/source-tree';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';
import { answerOf, ask, cursorOf, listOf, servicePath } from './loaded-registry';

/** Names on the page that are placeholders for the reader's own. */
const SHOWN = { old: 'https://rollcall.example.workers.dev', new: 'http://127.0.0.1:8787', tokenId: '9fkQ2mX7' };

const HEADING = '## Move to another host\n';

/** Runs the commands of the section in docs/operate.md. */
function documentedCommands(): string {
  const page = readFileSync(join(PROJECT_ROOT, 'docs/operate.md'), 'utf8');
  const section = page.slice(page.indexOf(HEADING) + HEADING.length).split(/^## /m, 1)[0] ?? '';
  return [...section.matchAll(/^```bash\n([^`]*)^```$/gm)].map(([, commands]) => commands).join('');
}

async function begin(start: (options: { data: string }) => Promise<RunningRegistry>): Promise<RunningRegistry> {
  const registry = await start({ data: join(temporaryFolder(), 'data') });
  onTestFinished(() => registry.stop());
  return registry;
}

const ORDERS = servicePath('shop', 'orders');
const DEFINITION = { address: '10.0.0.7', port: 8080, metadata: { version: '2.1.0' }, lease: { ttlMs: 600_000 } };

/** Creates the data to move: a namespace with settings, a token, and all kinds of records. */
async function fill(registry: RunningRegistry) {
  await answerOf(registry, 'POST', '/ns', { id: 'shop', title: 'Shop' });
  const grants = [{ scope: 'register', ns: 'shop', services: ['DEFAULT_GROUP@@orders'] }];
  const token = await answerOf<{ id: string; token: string }>(registry, 'POST', '/tokens', { name: 'orders', grants });
  const owner = { url: registry.url, rootToken: token.token };
  await answerOf(owner, 'PUT', `${ORDERS}/instances/orders-1`, DEFINITION);
  await answerOf(registry, 'PUT', `${ORDERS}/instances/by-hand`, { ...DEFINITION, ephemeral: false, lease: null });
  await answerOf(registry, 'PUT', ORDERS, { metadata: { team: 'shop' } });
  await answerOf(registry, 'PUT', `${ORDERS}/instances/orders-1/override`, { weight: 5 });
  return token;
}

/** Returns instances without revisions, times and owners, which a move changes. */
async function lastingInstances(registry: RunningRegistry) {
  const instances = await listOf(registry, 'shop', 'orders');
  return (instances as Record<string, unknown>[]).map(
    ({ revision, createdRevision, registeredAt, updatedAt, expiresAt, owner, ...lasting }) => lasting,
  );
}

const HOMES = { 'Cloudflare’s side': startWorkerdRegistry, 'one machine': startRegistry };

describe.each([
  ['Cloudflare’s side', 'one machine'],
  ['one machine', 'Cloudflare’s side'],
] as const)('from %s to %s', (from, to) => {
  it('[U12] a namespace moves as docs/operate.md describes, and its instances renew at the new place', async () => {
    const [old, home] = [await begin(HOMES[from]), await begin(HOMES[to])];
    const token = await fill(old);
    const before = await lastingInstances(old);
    const cursor = cursorOf(await ask(old, 'GET', `${ORDERS}/instances`));

    const folder = temporaryFolder();
    writeFileSync(join(folder, 'old-root-token'), old.rootToken);
    writeFileSync(join(folder, 'new-root-token'), home.rootToken);
    const commands = documentedCommands()
      .replaceAll(SHOWN.old, old.url)
      .replaceAll(SHOWN.new, home.url)
      .replaceAll(SHOWN.tokenId, token.id);
    expect(commands).toContain('rollcall import');
    const { status, outputs, stderr } = runSteps(
      [{ commands, line: 0, shown: undefined }],
      folder,
      await readersEnvironment(folder),
    );
    expect(status, `${outputs.join('')}${stderr}`).toBe(0);

    // The commands blocked this process, so connections closed meanwhile still look open.
    const answers = () =>
      ask(home, 'GET', '/ns').then(
        ({ ok }) => ok,
        () => false,
      );
    await until('the new home answers', answers);
    expect(before).toHaveLength(2);
    expect(await lastingInstances(home)).toEqual(before);
    expect(await answerOf(home, 'GET', ORDERS)).toMatchObject({ metadata: { team: 'shop' } });
    expect(await answerOf(home, 'GET', '/ns/shop')).toMatchObject({ title: 'Shop' });
    const made = JSON.parse(readFileSync(join(folder, 'orders-token.json'), 'utf8')) as { token: string };
    const owner = { url: home.url, rootToken: made.token };
    await answerOf(owner, 'POST', `${ORDERS}/instances/orders-1/heartbeat`);
    await answerOf(owner, 'PUT', `${ORDERS}/instances/orders-1`, DEFINITION);
    // Tokens and cursors of one registry are not valid at the other.
    expect((await ask({ url: home.url, rootToken: token.token }, 'GET', ORDERS)).status).toBe(401);
    expect((await ask(home, 'GET', `${ORDERS}/instances?at=${cursor}`)).status).toBe(410);
  });
});
