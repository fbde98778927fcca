import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/launcher/listening-address';
import { PROJECT_ROOT } from '../house/source-tree';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { CLIENT_PACKAGES, readPieces, runPieces } from './js-guide';

/** URL of the registry on the pages. */
const SHOWN_URL = 'http://127.0.0.1:8787';

/** Ports of services on the pages. The test uses free ones instead. */
const SHOWN_PORTS = ['9001', '9002'];

describe.each(['README.md', 'docs/register.md', 'docs/resolve-and-balance.md', 'docs/locks.md', 'docs/deploy.md'])(
  '%s',
  (page) => {
    it('[D2] runs as written and prints what it shows', async () => {
      const folder = temporaryFolder();
      const registry = await startRegistry({ data: join(folder, 'data') });
      onTestFinished(() => registry.stop());

      let text = readFileSync(join(PROJECT_ROOT, page), 'utf8').replaceAll(SHOWN_URL, registry.url);
      for (const port of SHOWN_PORTS) text = text.replaceAll(port, `${await freePort()}`);
      const pieces = readPieces(text);
      expect(pieces.length).toBeGreaterThan(0);
      const { outputs, status, stderr } = await runPieces(pieces, folder, CLIENT_PACKAGES);
      // On a busy machine a registry may take longer than the second after which the client warns.
      const problems = stderr.replace(/^rollcall: \S+ (has not answered for 1 s.*|answers again)\n/gm, '');
      expect({ problems, status }).toEqual({ problems: '', status: 0 });
      const printed = pieces.map(({ line }, index) => `${page}:${line}\n${outputs[index] ?? 'did not run'}`);
      expect(printed).toEqual(pieces.map(({ line, shown = '' }) => `${page}:${line}\n${shown}`));
    });
  },
);

describe('the check of a page', () => {
  it('detects different output, an error, and a snippet that was not reached', async () => {
    const page =
      '```js\nconst a = 1;\nconsole.log(a);\n```\n```text\n1\n```\n```js\nprocess.exit(3);\n```\n```js\na;\n```\n';
    const pieces = readPieces(page);
    expect(pieces.map(({ line, shown }) => ({ line, shown }))).toEqual([
      { line: 1, shown: '1\n' },
      { line: 8, shown: undefined },
      { line: 11, shown: undefined },
    ]);
    expect(await runPieces(pieces, temporaryFolder(), {})).toEqual({ outputs: ['1\n', ''], status: 3, stderr: '' });
  });
});
