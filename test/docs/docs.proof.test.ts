import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { pageProblems } from './page-problems';
import { readersEnvironment } from './readers-environment';
import { differences, readSteps, runSteps } from './walk';

/** URL of the registry on the pages. */
const SHOWN_URL = 'http://127.0.0.1:8787';

const PAGES = [
  'README.md',
  ...[
    'getting-started',
    'watch',
    'tokens',
    'history',
    'export',
    'backup',
    'command-line',
    'console',
    'operate',
    'entries',
    'leases',
    'transactions',
    'layouts',
  ].map((name) => `docs/${name}.md`),
];

describe.each(PAGES)('%s', (page) => {
  it('[D2] runs as written and returns what it shows', async () => {
    const folder = temporaryFolder();
    // Pages read the token from where `npm start` writes it.
    const registry = await startRegistry({ data: join(folder, 'data') });
    onTestFinished(() => registry.stop());

    const steps = readSteps(readFileSync(join(PROJECT_ROOT, page), 'utf8').replaceAll(SHOWN_URL, registry.url));
    expect(steps.length).toBeGreaterThan(1);
    const { outputs, status, stderr } = runSteps(steps, folder, await readersEnvironment(folder));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });

    expect(pageProblems(page, steps, outputs)).toEqual([]);
  });
});

describe('the check of a page', () => {
  it('reads commands and their expected output', () => {
    const page = 'One\n```sh\na\n```\n```json\n{}\n```\n```bash\nb\n```\n```sh\nc\n```\n';
    expect(readSteps(page)).toEqual([
      { commands: 'a\n', line: 2, shown: { language: 'json', text: '{}\n' } },
      { commands: 'c\n', line: 11, shown: undefined },
    ]);
  });

  it('detects a missing or different member, and ignores times and cursors', () => {
    const shown = { id: 'a', at: '2026-09-18T12:00:00.000Z', list: [1] };
    expect(differences(shown, { id: 'a', at: '2027-01-01T00:00:00.000Z', list: [1], more: true })).toEqual([]);
    expect(differences(shown, { id: 'b', at: 'soon', list: [1, 2] })).toHaveLength(3);
    expect(differences(shown, 'nothing')).toHaveLength(1);
    expect(differences({ id: 'a' }, {})).toHaveLength(1);
  });

  it('stops at the first command that fails', () => {
    const steps = readSteps('```sh\nx=1\n```\n```sh\necho $x\n```\n```sh\nfalse\n```\n```sh\necho after\n```\n');
    const { outputs, status } = runSteps(steps, tmpdir());
    expect(status).toBe(1);
    expect(outputs.map((text) => text.trim())).toEqual(['', '1', '']);
  });
});
