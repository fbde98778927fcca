import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtWorker } from '../programs/built-programs';
import type { RunningRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';

/**
 * Time for which a verification is remembered, and kept while the directory is lost: the real 10 minutes are too long for
 * a test.
 */
const REMEMBERED_MS = 3_000;
const HELD_MS = 20_000;

/** Changes to the bundle that add a header with which a test makes the directory hang or fail. */
const CHANGES: [place: RegExp, instead: string][] = [
  [/VERIFICATION_MAX_AGE_MS = 3e4/, `VERIFICATION_MAX_AGE_MS = ${REMEMBERED_MS}`],
  [/NAMESPACE_ENTRY_MAX_AGE_MS = 3e4/, `NAMESPACE_ENTRY_MAX_AGE_MS = ${REMEMBERED_MS}`],
  [/LAST_KNOWN_MAX_AGE_MS = 10 \* 60 \* 1e3/, `LAST_KNOWN_MAX_AGE_MS = ${HELD_MS}`],
  [
    /return perform\(awake\(this\.#directory\), method/,
    `if (globalThis.trouble === 'hang') return new Promise(() => {});
    if (globalThis.trouble === 'fail') throw new Error('lost');
    $&`,
  ],
  [
    /app \?\?= bind\(env\);/,
    `const trouble = arguments[0].headers.get('x-trouble');
    if (trouble !== null) { globalThis.trouble = trouble; return new Response('noted'); }
    $&`,
  ],
];

async function registryInTrouble(): Promise<RunningRegistry> {
  const folder = temporaryFolder();
  const worker = CHANGES.reduce(
    (text, [place, instead]) => {
      expect(text.split(place), `${place} in the bundle`).toHaveLength(2);
      return text.replace(place, instead);
    },
    readFileSync(await builtWorker(), 'utf8'),
  );
  const workerPath = join(folder, 'worker.js');
  writeFileSync(workerPath, worker);
  const registry = await startWorkerdRegistry({ data: join(folder, 'data'), workerPath });
  onTestFinished(() => registry.stop());
  return registry;
}

describe('an unreachable directory', () => {
  it.each(['hang', 'fail'])(
    '[A6, A60, N30] keeps recently used namespaces and tokens working and refuses all others: %s',
    async (how) => {
      const { url, rootToken } = await registryInTrouble();
      const call = (token: string, method: string, path: string, body?: object) =>
        fetch(`${url}${path}`, {
          method,
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      const issue = async (): Promise<string> => {
        const made = await call(rootToken, 'POST', '/api/v1/tokens', {
          name: 'service',
          grants: [
            { scope: 'read', ns: '*' },
            { scope: 'register', ns: '*' },
          ],
        });
        return ((await made.json()) as { token: string }).token; // `as`: the response of this call
      };
      const status = async (token: string, path = '/api/v1/ns/public/services') =>
        (await call(token, 'GET', path)).status;
      const instance = (id: string) => `/api/v1/ns/public/groups/g/services/s/instances/${id}`;
      const [own, foreign] = [instance('mine'), instance('theirs')];
      const address = { address: '10.0.0.7', port: 80 };
      const known = await issue();
      const unknown = await issue();
      const inMade = '/api/v1/ns/made/services';
      expect((await call(rootToken, 'POST', '/api/v1/ns', { id: 'made' })).status).toBe(201);
      expect((await call(known, 'PUT', foreign, address)).status).toBe(201);
      expect(await status(known, inMade)).toBe(200);
      await fetch(url, { headers: { 'x-trouble': how } });
      const lostAt = Date.now();

      expect(await status(known)).toBe(200);
      expect(await status(rootToken)).toBe(200);
      const refused = await call(unknown, 'GET', '/api/v1/ns/public/services');
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, 'UNAVAILABLE']);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(await status(`${unknown.slice(0, -4)}AAAA`)).toBe(503);
      expect(await status(rootToken, '/api/v1/ns/other/services')).toBe(503);
      expect(await status('')).toBe(401);
      expect(await status('no token at all')).toBe(401);

      const lostFor = (ms: number) => new Promise((wake) => setTimeout(wake, Math.max(0, lostAt + ms - Date.now())));
      await lostFor(REMEMBERED_MS + 200);
      expect(await status(known)).toBe(200);
      expect(await status(known, inMade)).toBe(200);
      expect(await status(unknown)).toBe(503);
      await lostFor(HELD_MS + 200);
      expect(await status(known)).toBe(503);
      expect(await status(rootToken, inMade)).toBe(503);
      expect(await status(rootToken)).toBe(200);
      // Owners' changes to their own instances wait for no directory. A change that must be audited first is not made.
      expect((await call(rootToken, 'PUT', own, address)).status).toBe(201);
      const { headers } = await call(rootToken, 'GET', own);
      const to = headers.get('rollcall-cursor');
      const rollingBack = call(rootToken, 'POST', '/api/v1/ns/public/groups/g/services/s/rollback', { to });
      if (how === 'fail') expect((await rollingBack).status).toBe(503);
      else rollingBack.catch(() => undefined); // it would wait for half a minute

      await fetch(url, { headers: { 'x-trouble': '' } });
      await expect.poll(() => status(unknown), { timeout: 30_000 }).toBe(200);
      expect(await status(known)).toBe(200);
    },
  );
});
