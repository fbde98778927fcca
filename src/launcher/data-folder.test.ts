import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { prepareDataFolder } from './data-folder';

test('the folder and its databases’ folder are created for this user only, and reused', () => {
  const folder = join(temporaryFolder(), 'a', 'b');
  expect(prepareDataFolder(folder)).toBe(folder);
  expect(readdirSync(folder)).toEqual(['storage']);
  expect(prepareDataFolder(folder)).toBe(folder);
});

test('a folder of a version that used workerd is refused with the commands to migrate it, and left unchanged', () => {
  const folder = join(temporaryFolder(), 'data');
  mkdirSync(join(folder, 'storage', 'rollcall-NamespaceObject'), { recursive: true });
  expect(() => prepareDataFolder(folder)).toThrow(
    `npx rollcall@0.1.0 serve --data '${folder}' --port 8788\n` +
      'and this version on a new folder. Then move each namespace with two commands:\n' +
      '  rollcall export public.jsonl -n public --url http://127.0.0.1:8788\n' +
      '  rollcall import public.jsonl -n public --url http://127.0.0.1:8787 --merge',
  );
  expect(readdirSync(folder)).toEqual(['storage']);
});

test('a path that can’t be a folder is refused with the reason', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => prepareDataFolder(file)).toThrow(`The data folder ${file} can't be used: it is a file`);
  expect(() => prepareDataFolder(join(file, 'data'))).toThrow('part of the path is a file');
  expect(existsSync(join(file, 'data'))).toBe(false);
});
