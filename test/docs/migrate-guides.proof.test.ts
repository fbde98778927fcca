import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../../src/launcher/start-registry';
import { PROJECT_ROOT } from '../house/source-tree';
import { temporaryFolder } from '../temporary-folder';
import { pageProblems } from './page-problems';
import { readersEnvironment } from './readers-environment';
import { readSteps, runSteps } from './walk';

/** Where the guides say that Rollcall listens, and the registry that is moved from: a second Rollcall in its place. */
const SHOWN_HOST = '127.0.0.1:8787';

describe.each([
  ['docs/migrate/eureka.md', '127.0.0.1:8761'],
  ['docs/migrate/nacos.md', '127.0.0.1:8848'],
  ['docs/migrate/go-micro.md', undefined],
])('%s', (page, oldHost) => {
  it('[D2] runs as it is written, and answers what it shows', async () => {
    const folder = temporaryFolder();
    const registry = await startRegistry({ data: join(folder, 'data') });
    onTestFinished(() => registry.stop());
    let text = readFileSync(join(PROJECT_ROOT, page), 'utf8').replaceAll(SHOWN_HOST, new URL(registry.url).host);
    if (oldHost !== undefined) {
      const old = await startRegistry({ data: join(folder, 'old') });
      onTestFinished(() => old.stop());
      text = text.replaceAll(oldHost, new URL(old.url).host);
    }
    const steps = readSteps(text);
    expect(steps.length).toBeGreaterThan(1);
    const { outputs, status, stderr } = runSteps(steps, folder, await readersEnvironment(folder));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(pageProblems(page, steps, outputs)).toEqual([]);
  });
});
