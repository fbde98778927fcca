import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { Program } from '../programs/program';
import { systemNode } from '../programs/system-node';
import { temporaryFolder } from '../programs/temporary-folder';

/** Name of a data folder with every character that could break a shell command. */
const ODD_FOLDER = `it's "odd" $HOME`;

it.each(['data', ODD_FOLDER])(
  '[M1] serve prints where it listens, with a curl that works when pasted: --data %s',
  async (data) => {
    const cwd = temporaryFolder();
    const { PORT, ROLLCALL_DATA, ROLLCALL_ROOT_TOKEN, ...env } = process.env;
    const words = [join(PROJECT_ROOT, 'bin/rollcall.js'), 'serve', '--port', '0', '--data', data];
    const program = new Program(systemNode(), words, { cwd, env });
    await program.prints(/listens on http:\S+/);
    await program.prints(/Press Ctrl-C to stop it/);
    const curl = /^ {2}(curl (?:.*\\\n)*.*)$/m.exec(program.stdout.join('\n'))?.[1] ?? '';
    const pasted = execFileSync('sh', ['-c', curl.replace('curl', 'curl -sS')], {
      cwd,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(JSON.parse(pasted)).toMatchObject({ id: 'orders-1', service: 'orders', available: true });
  },
);
