import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import * as limits from '../model/limits';
import { ROOT_TOKEN_MIN_CHARACTERS, rootToken } from './root-token';

const quiet = () => {};

test('the launcher and the registry agree on the length of a root token', () => {
  expect(ROOT_TOKEN_MIN_CHARACTERS).toBe(limits.ROOT_TOKEN_MIN_CHARACTERS);
});

test('[M2] the first start creates a token for its owner only, later ones keep it', () => {
  const folder = temporaryFolder();
  const first = rootToken(folder, undefined, quiet);
  const path = join(folder, 'root-token');
  expect(first).toEqual({ token: expect.stringMatching(/^[\w-]{43}$/), path, made: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe(`${first.token}\n`);
  expect(readdirSync(folder)).toEqual(['root-token']);
  expect(rootToken(folder, undefined, quiet)).toEqual({ ...first, made: false });
  expect(rootToken(temporaryFolder(), undefined, quiet).token).not.toBe(first.token);
});

test('[M2] a token file that others can read is restricted, and that is reported', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'root-token');
  rootToken(folder, undefined, quiet);
  chmodSync(path, 0o644);
  const said: string[] = [];
  const { token } = rootToken(folder, undefined, (line) => said.push(line));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(said).toEqual([expect.stringContaining('could be read by other users (mode 644)')]);
  expect(said.join()).not.toContain(token);
});

test('a given token is used unchanged, and no file is created', () => {
  const folder = temporaryFolder();
  const token = 'x'.repeat(32);
  expect(rootToken(folder, token, quiet)).toEqual({ token, path: null, made: false });
  expect(readdirSync(folder)).toEqual([]);
});

test('an invalid given token is refused', () =>
  eachRow(
    [
      ['', 'ROLLCALL_ROOT_TOKEN has 0 characters; a root token has at least 32'],
      ['x'.repeat(31), 'ROLLCALL_ROOT_TOKEN has 31 characters'],
      [`${'x'.repeat(31)} y`, 'ROLLCALL_ROOT_TOKEN contains a space'],
      [
        `${'x'.repeat(31)}\ny`,
        'ROLLCALL_ROOT_TOKEN contains a space or another character that is not allowed in a header',
      ],
      [`${'x'.repeat(31)}é`, 'ROLLCALL_ROOT_TOKEN contains a space or another character'],
    ],
    (token, message) => {
      expect(() => rootToken(temporaryFolder(), token, quiet)).toThrow(message);
    },
  ));

test('an emptied token file is refused with its path', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'root-token'), '\n', { mode: 0o600 });
  expect(() => rootToken(folder, undefined, quiet)).toThrow(`${join(folder, 'root-token')} has 0 characters`);
});
