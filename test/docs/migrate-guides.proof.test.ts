import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { RealEtcd } from '../sync/real-etcd';
import { pageProblems } from './page-problems';
import { readersEnvironment } from './readers-environment';
import { readSteps, runSteps } from './walk';

/** Address of Rollcall in the guides. The registry that is migrated from is replaced by a second Rollcall, but etcd is real. */
const SHOWN_HOST = '127.0.0.1:8787';
const ETCD_HOST = '127.0.0.1:2379';

let installed: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  installed = mkdtempSync(join(tmpdir(), 'rollcall-guides-'));
  env = await readersEnvironment(installed);
});
afterAll(() => rmSync(installed, { recursive: true, force: true }));

/** Starts a registry in a separate folder, until the end of the test. */
async function registryIn(data: string) {
  const registry = await startRegistry({ data });
  onTestFinished(() => registry.stop());
  return registry;
}

describe.each([
  ['docs/migrate/consul.md', '127.0.0.1:8500'],
  ['docs/migrate/etcd.md', ETCD_HOST],
  ['docs/migrate/eureka.md', '127.0.0.1:8761'],
  ['docs/migrate/nacos.md', '127.0.0.1:8848'],
  ['docs/migrate/go-micro.md', undefined],
])('%s', (page, oldHost) => {
  it('[D2] runs as written and returns what it shows', async () => {
    const folder = temporaryFolder();
    const [registry, old] = await Promise.all([
      registryIn(join(folder, 'data')),
      oldHost === undefined ? undefined : oldHost === ETCD_HOST ? RealEtcd.start() : registryIn(join(folder, 'old')),
    ]);
    let text = readFileSync(join(PROJECT_ROOT, page), 'utf8').replaceAll(SHOWN_HOST, new URL(registry.url).host);
    if (oldHost !== undefined && old !== undefined) text = text.replaceAll(oldHost, new URL(old.url).host);
    const steps = readSteps(text);
    expect(steps.length).toBeGreaterThan(1);
    const { outputs, status, stderr } = runSteps(steps, folder, env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(pageProblems(page, steps, outputs)).toEqual([]);
  });
});
