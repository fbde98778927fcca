import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';

/** Kills in the middle of imports that replace everything: the result is one file or the other. */

const COUNT = 3_000;
const ENTRIES_COUNT = 3_000;
const ROUNDS = 3;
const SETTLED_WITHIN_MS = 60_000;

const seed = Date.now() % 2 ** 31;

let registry: RunningRegistry;

/** Creates a file of instances and entries. Every third one is the same in all files; half of the other entries have the same key. */
function fileOf(name: string): string {
  const lines = Array.from({ length: COUNT }, (_, index) =>
    JSON.stringify({
      ...{ kind: 'instance', service: `s${index % 7}`, owner: 'root', address: '10.0.0.1', ephemeral: false },
      ...(index % 3 === 0 ? { id: `all-${index}`, port: 1 } : { id: `${name}-${index}`, port: 2 }),
    }),
  );
  for (let index = 0; index < ENTRIES_COUNT; index++) {
    const key = index % 3 === 2 ? `${name}-${index}` : `all-${index}`;
    lines.push(JSON.stringify({ kind: 'entry', key, value: index % 3 === 1 ? `of ${name}` : 'the same' }));
  }
  const end = { kind: 'end', services: 0, overrides: 0, instances: COUNT, entries: ENTRIES_COUNT };
  return ['{"kind":"rollcall-export","version":2}', ...lines, JSON.stringify(end)].join('\n');
}

function call(method: string, path: string, body?: string): Promise<string> {
  const type = path === 'leases' ? 'application/json' : 'application/x-ndjson';
  const headers = { Authorization: `Bearer ${registry.rootToken}`, 'Content-Type': type };
  const asked = fetch(`${registry.url}/api/v1/ns/public/${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  return asked.then((answer) => answer.text());
}

/** Returns the ids of the instances of a file, and its keys with their values. */
const contentsOf = (file: string): string =>
  [...file.matchAll(/"id":"[^"]+"|"key":"[^"]+","value":"[^"]+"/g)]
    .map(([content]) => content)
    .sort()
    .join();

/** Returns the file that the registry holds, once it has recovered one of them. */
async function found(files: ReadonlyMap<string, string>): Promise<string> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  let last = '';
  while (Date.now() < deadline) {
    last = await call('GET', 'export').catch(String);
    const name = last.includes('"kind":"end"') ? files.get(contentsOf(last)) : undefined;
    if (name !== undefined) return name;
    await sleep(200);
  }
  throw new Error(`after ${SETTLED_WITHIN_MS} ms there is neither file: ${last.slice(-300)}`);
}

it(`[Z11, I1] a killed import leaves the old contents or those of the file (seed ${seed})`, async () => {
  registry = await startRegistry({ data: join(temporaryFolder(), 'data') });
  onTestFinished(() => registry.stop());
  let present = fileOf('first');
  await call('POST', 'import?mode=replace', present);
  const { id } = JSON.parse(await call('POST', 'leases', '{"ttlMs":null}')) as { id: string }; // `as`: a lease
  await call('PUT', `kv/held?lease=${id}`, 'by a lease');
  for (let round = 0; round < ROUNDS; round++) {
    const next = fileOf(`round${round}`);
    const files = new Map([
      [contentsOf(present), 'old'],
      [contentsOf(next), 'new'],
    ]);
    const importing = call('POST', 'import?mode=replace', next).catch(() => '');
    await sleep((seed * (round + 1)) % 1_500);
    await registry.kill('SIGKILL');
    const answer = await importing;
    const name = await found(files);
    // A confirmed import is kept.
    if (answer.includes('"kind":"done"')) expect(name).toBe('new');
    const again = await call('POST', 'import?mode=replace', next);
    expect(again).toContain('"kind":"done"');
    expect(await found(files)).toBe('new');
    expect(await call('GET', 'kv/held')).toBe('by a lease');
    present = next;
  }
});
