import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { temporaryFolder } from '../programs/temporary-folder';

const UNIT = readFileSync(join(PROJECT_ROOT, 'examples/operate/rollcall.service'), 'utf8');

/** Maximum exposure of the unit by systemd's rating, from 0 (none) to 10. */
const EXPOSURE_AT_MOST = 4;

it('[M12] systemd accepts the unit, which exposes little of the machine', () => {
  // systemd checks that the program exists, and it is not installed here.
  const program = /^ExecStart=(\S+) serve --data \$\{STATE_DIRECTORY\}$/m.exec(UNIT)?.[1] ?? 'none';
  expect(program).toBe('/opt/rollcall/rollcall');
  const path = join(temporaryFolder().replaceAll(' ', '\\ '), 'rollcall.service');
  const file = path.replaceAll('\\ ', ' ');
  writeFileSync(file, UNIT.replace(program, process.execPath));
  const analyze = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...words, file], { encoding: 'utf8' });
    return { status, said: `${stdout}${stderr}` };
  };
  expect(analyze('verify')).toEqual({ status: 0, said: '' });
  const { said } = analyze('security', '--offline=yes');
  const exposure = Number(/exposure level for rollcall\.service: ([\d.]+)/.exec(said)?.[1]);
  expect(exposure).toBeLessThanOrEqual(EXPOSURE_AT_MOST);
});
