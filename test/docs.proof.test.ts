import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../src/launcher/start-registry';
import { differences, readSteps, runSteps } from './docs/walk';
import { PROJECT_ROOT } from './house/source-tree';
import { installProgram } from './program-folder';
import { systemNode } from './system-node';
import { temporaryFolder } from './temporary-folder';

/** Where the pages say that the registry listens. */
const SHOWN_URL = 'http://127.0.0.1:8787';

/** Lines of an output, empty ones apart. */
const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || []);

function parsed(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return line;
  }
}

/** The code of a line that is a problem, as the registry answers it to a call that it refuses. */
const refusal = (line: string): string | undefined => /"status":[45]\d\d.*"code":"(\w+)"/.exec(line)?.[1];

const PAGES = [
  'README.md',
  ...['getting-started', 'watch', 'tokens', 'history', 'export', 'backup', 'command-line', 'operate'].map(
    (name) => `docs/${name}.md`,
  ),
];

/** What a reader has: the program installed, and a folder of settings with nothing in it. */
async function environment(folder: string, page: string): Promise<NodeJS.ProcessEnv> {
  const { PATH, HOME, LANG } = process.env;
  // Backups say that they need a newer Node than the registry does.
  const { bin } = await installProgram(folder, page === 'docs/backup.md' ? process.execPath : systemNode());
  return { PATH: `${bin}:${PATH}`, HOME, LANG, XDG_CONFIG_HOME: join(folder, 'config') };
}

describe.each(PAGES)('%s', (page) => {
  it('[D2] runs as it is written, and answers what it shows', async () => {
    const folder = temporaryFolder();
    // Pages read the token where `npm start` leaves it.
    const registry = await startRegistry({ data: join(folder, 'data') });
    onTestFinished(() => registry.stop());

    const steps = readSteps(readFileSync(join(PROJECT_ROOT, page), 'utf8').replaceAll(SHOWN_URL, registry.url));
    expect(steps.length).toBeGreaterThan(1);
    const { outputs, status, stderr } = runSteps(steps, folder, await environment(folder, page));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });

    const problems = steps.flatMap(({ shown, line }, index) => {
      const lines = linesOf(outputs[index] ?? '');
      const last = lines.at(-1);
      const answer =
        shown?.language === 'json'
          ? differences(parsed(shown.text), parsed(last))
          : differences(
              linesOf(shown?.text ?? ''),
              shown === undefined ? [] : lines.slice(-linesOf(shown.text).length),
            );
      const refused = lines.filter((text) => refusal(text) !== undefined && !shown?.text.includes(refusal(text) ?? ''));
      return [...answer, ...refused].map((problem) => `${page}:${line} ${problem}`);
    });
    expect(problems).toEqual([]);
  });
});

describe('the check of a page', () => {
  it('reads commands and what follows them', () => {
    const page = 'One\n```sh\na\n```\n```json\n{}\n```\n```bash\nb\n```\n```sh\nc\n```\n';
    expect(readSteps(page)).toEqual([
      { commands: 'a\n', line: 2, shown: { language: 'json', text: '{}\n' } },
      { commands: 'c\n', line: 11, shown: undefined },
    ]);
  });

  it('sees a member that is missing or different, and lets times and cursors differ', () => {
    const shown = { id: 'a', at: '2026-09-18T12:00:00.000Z', list: [1] };
    expect(differences(shown, { id: 'a', at: '2027-01-01T00:00:00.000Z', list: [1], more: true })).toEqual([]);
    expect(differences(shown, { id: 'b', at: 'soon', list: [1, 2] })).toHaveLength(3);
    expect(differences(shown, 'nothing')).toHaveLength(1);
    expect(differences({ id: 'a' }, {})).toHaveLength(1);
  });

  it('ends at the first command that fails', () => {
    const steps = readSteps('```sh\nx=1\n```\n```sh\necho $x\n```\n```sh\nfalse\n```\n```sh\necho after\n```\n');
    const { outputs, status } = runSteps(steps, tmpdir());
    expect(status).toBe(1);
    expect(outputs.map((text) => text.trim())).toEqual(['', '1', '']);
  });
});
