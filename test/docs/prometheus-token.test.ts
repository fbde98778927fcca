import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';

const read = (path: string): string => readFileSync(join(PROJECT_ROOT, path), 'utf8');

it('[G9] the guide installs the token of Prometheus where its configuration reads it, for its user alone', () => {
  const [, configured] = /^\s*credentials_file: (\S+)$/m.exec(read('examples/operate/prometheus.yml')) ?? [];
  const guide = read('docs/operate.md');
  const [, user, group, mode, from, to] =
    /^install -o (\S+) -g (\S+) -m (\d+) (\S+) (\S+) && rm \4$/m.exec(guide) ?? [];
  expect({ user, group, mode, to }).toEqual({ user: 'prometheus', group: 'prometheus', mode: '0400', to: configured });
  // The file that the guide creates and tries: its walk in docs.proof.test.ts runs these commands.
  expect(guide).toMatch(new RegExp(`umask 077 && .*--grant 'metrics:\\*'.* > ${from}\\)`));
  expect(guide).toContain(`Bearer $(cat ${from})`);
});
