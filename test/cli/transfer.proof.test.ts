import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliStage } from './cli-stage';

/** Exporting a namespace to a file, and importing it, from scripts and by people. */

let stage: CliStage;
beforeAll(async () => {
  stage = await CliStage.start();
  await stage.register('shop', 'shop-1');
  await stage.register('shop', 'shop-2');
});
afterAll(() => stage.stop());

it('[Z5] exports to a complete file, or to standard output', async () => {
  const { code, stdout } = await stage.run(['export', 'shop.jsonl']);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Exported 2 instances, 0 services and 0 overrides \(0\.0 MB\) to shop\.jsonl, \d+ records\/s\.\n$/,
  );
  expect(existsSync(join(stage.folder, 'shop.jsonl.partial'))).toBe(false);
  const piped = await stage.run(['export']);
  const file = readFileSync(join(stage.folder, 'shop.jsonl'), 'utf8');
  expect(piped.stdout.split('\n').slice(1)).toEqual(file.split('\n').slice(1));
  expect(piped.stderr).toMatch(/^Exported 2 instances/);
  expect(await stage.json('export', 'again.jsonl')).toMatchObject({ instances: 2, services: 0, overrides: 0 });
});

it('[Z6, Z8, Z10] imports from a file and from standard input, and reports the result in a dry run', async () => {
  await stage.register('shop', 'shop-3');
  const dry = await stage.run(['import', 'shop.jsonl', '--replace', '--dry-run']);
  expect(dry).toMatchObject({
    code: 0,
    stdout:
      '- instance DEFAULT_GROUP@@shop/shop-3\nDry run, nothing changed: 0 added, 0 changed, 1 removed, 2 unchanged.\n',
  });
  const file = readFileSync(join(stage.folder, 'shop.jsonl'), 'utf8');
  const merged = await stage.run(['import', '-', '--merge', '--json'], {}, file);
  expect(JSON.parse(merged.stdout)).toMatchObject({ kind: 'done', unchanged: 2, added: 0, removed: 0 });
  const replaced = await stage.run(['import', 'shop.jsonl', '--replace', '--yes']);
  expect(replaced.stdout).toMatch(
    /^Imported into namespace public: 0 added, 0 changed, 1 removed, 2 unchanged; now at revision \d+\.\n$/,
  );
});

it('[K10] replaces nothing without confirmation if there is no terminal, from a file or standard input', async () => {
  await stage.register('shop', 'kept');
  for (const [file, input] of [
    ['shop.jsonl', ''],
    ['-', readFileSync(join(stage.folder, 'shop.jsonl'), 'utf8')],
  ] as const) {
    const { code, stderr } = await stage.run(['import', file, '--replace'], {}, input);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Replace all of namespace public with .*\sConfirm with --yes\.\n$/s);
  }
  expect((await stage.run(['get', 'shop', 'kept'])).code).toBe(0);
});

it("[Z7] reports that a file can't be read or written, and why", async () => {
  mkdirSync(join(stage.folder, 'a folder'));
  for (const [words, found] of [
    [['import', 'nothing.jsonl', '--merge'], 'Cannot read nothing.jsonl: no such file or directory.'],
    [['import', 'a folder', '--merge'], 'Cannot read a folder: it is a folder.'],
    [['export', 'nowhere/shop.jsonl'], 'Cannot write nowhere/shop.jsonl.partial: no such file or directory.'],
  ] as const) {
    const { code, stderr } = await stage.run(words);
    expect(stderr).toContain(found);
    expect(code).toBe(2);
  }
  const taken = await stage.run(['export', 'a folder']);
  expect(taken.stderr).toContain(': illegal operation on a directory.');
  expect(taken.code).toBe(1);
});

it('[Z7] refuses an invalid file, with the line, and a missing one', async () => {
  const file = readFileSync(join(stage.folder, 'shop.jsonl'), 'utf8');
  writeFileSync(join(stage.folder, 'cut.jsonl'), file.split('\n').slice(0, 2).join('\n'));
  const cut = await stage.run(['import', 'cut.jsonl', '--merge']);
  expect(cut.code).toBe(2);
  expect(cut.stderr).toContain('Line 2: the file ends here');
  expect((await stage.run(['import', 'nothing.jsonl', '--merge'])).code).toBe(2);
  expect((await stage.run(['import', 'shop.jsonl'])).code).toBe(2);
  const denied = await stage.run(['import', 'shop.jsonl', '--merge', '--token', 'rc_x']);
  expect(denied.code).toBe(4);
});
