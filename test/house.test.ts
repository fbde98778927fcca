import { describe, expect, it } from 'vitest';
import { arrowProblems, floorProblems } from './house/arrows';
import { errorClassProblems } from './house/errors';
import { dustProblems, fileSizeProblems } from './house/file-sizes';
import { importCycles, importsOf } from './house/imports';
import { limitNameProblems, strayLimitProblems } from './house/limits';
import { barrelProblems, fileNameProblems } from './house/names';
import { impurityProblems } from './house/pure-core';
import { readProject, type SourceFile } from './house/source-tree';
import { quotedIds, readSpec, specProblems } from './house/spec-ids';
import {
  brokenLinkProblems,
  localPlaceProblems,
  missingPathProblems,
  titleProblems,
  unrunTestProblems,
  wordingProblems,
} from './house/words';

/**
 * The rules of the house that a machine can check. Each is a function in `test/house/` that maps files to problems. It runs
 * here on the project, and on a bad sample in which it must find a problem.
 */

/** Source files above 400 lines, each with the reason not to split it. */
const LONG_FILES: Record<string, string> = {
  'src/model/limits.ts': 'one flat list of all limits, each with its reason',
  'src/codecs/etcd/messages/rpc_pb.ts': 'generated from one file of etcd',
  'src/console/words/en.ts': 'all texts of a language, in one file for its translators',
  'src/console/words/zh.ts': 'all texts of a language, in one file for its translators',
};

/** Files under 50 lines with one importer, each with the reason to keep it. A path with a slash at its end is a folder. */
const SMALL_FILES: Record<string, string> = {
  'src/dialects/etcd/etcd.ts': 'the entry of the dialect, which dialects.ts lists',
  'src/dialects/eureka/eureka.ts': 'the entry of the dialect, which dialects.ts lists',
  'src/dialects/nacos/nacos.ts': 'the entry of the dialect, which dialects.ts lists',
  'src/gateway/program/consul-door.ts': 'one file for each API that gateways pass on',
  'src/gateway/program/etcd-door.ts': 'one file for each API that gateways pass on',
  'src/gateway/program/nacos-door.ts': 'one file for each API that gateways pass on',
  'src/layouts/': 'one file for each layout, which layouts.ts lists',
  'src/console/pages/more.ts': 'a file that the browser loads by itself',
};

/** Entry points of the package, and of files that a browser loads, which re-export from other files. */
const ENTRY_POINTS = ['src/client/index.ts', 'src/client/selectors.ts', 'src/console/pages/more.ts'];

const project = readProject();

function projectFile(path: string): SourceFile {
  const file = project.find((candidate) => candidate.path === path);
  if (file === undefined) throw new Error(`${path} is missing`);
  return file;
}

const file = (path: string, ...lines: string[]): SourceFile => ({ path, text: lines.join('\n') });

describe('shape', () => {
  it('comments are plain technical English', () => {
    expect(wordingProblems(project)).toEqual([]);
  });

  it('sees a docstring that opens with a question word, and an odd phrase', () => {
    const lines = [
      '/** What it returns. */',
      '// Whoever asks is told.',
      'const nobody = "// is told";',
      '/** Returns it. */',
    ];
    expect(wordingProblems([file('src/http/words.ts', ...lines)])).toHaveLength(2);
  });

  it('titles are plain technical English', () => {
    expect(titleProblems(project)).toEqual([]);
  });

  it('sees an odd word in a title of any form', () => {
    const odd = 'a watcher is told';
    const lines = [
      `describe('${odd}', () => {`,
      `  it("${odd}", () => {});`,
      `  it.each<[string]>([`,
      `    ['told'],`,
      `  ])(`,
      `    '[W1] ${odd}',`,
      `    () => expect(/a/.test('told')).toBe(true),`,
      `  );`,
      `  it(\`[W2] ${odd} \${SECONDS}\`, () => {});`,
      `  it('[W3] a watcher receives a change', () => until('it is told', () => true));`,
      `});`,
    ];
    const places = titleProblems([file('test/watch/titles.ts', ...lines)]).map((problem) => problem.split(' says ')[0]);
    expect(places).toEqual([1, 2, 5, 9].map((line) => `test/watch/titles.ts:${line}`));
    expect(titleProblems([file('src/core/titles.test.ts', ...lines)])).toHaveLength(4);
  });

  it('finds the project', () => {
    expect(project.length).toBeGreaterThan(50);
    expect(project.some(({ path }) => path.startsWith('node_modules/'))).toBe(false);
  });

  it('files are small', () => {
    expect(fileSizeProblems(project, LONG_FILES)).toEqual([]);
  });

  it('sees a file that is too long, and an exception that is no longer needed', () => {
    const long = file('src/http/long.ts', ...Array<string>(401).fill('x'));
    const tests = file('src/http/long.test.ts', ...Array<string>(601).fill('x'));
    expect(fileSizeProblems([long, tests], {})).toHaveLength(2);
    expect(fileSizeProblems([long], { 'src/http/long.ts': 'one table' })).toEqual([]);
    expect(fileSizeProblems([file('src/http/long.ts', 'x')], { 'src/http/long.ts': 'one table' })).toHaveLength(1);
  });

  it('no file is too small', () => {
    expect(dustProblems(project, SMALL_FILES)).toEqual([]);
  });

  it('sees a small file with one importer, and an exception that is no longer needed', () => {
    const small = file('src/a/small.ts', 'export const small = 1;');
    const importer = file('src/a/importer.ts', "import { small } from './small';", "export * from './small';");
    const test = file('src/a/small.test.ts', "import { small } from './small';");
    expect(dustProblems([small, importer, test], {})).toEqual([
      'src/a/small.ts has 1 lines and one importer; move it into src/a/importer.ts',
    ]);
    expect(dustProblems([small, importer, test], { 'src/a/small.ts': 'a port' })).toEqual([]);
    expect(dustProblems([small, importer, test], { 'src/a/': 'ports' })).toEqual([]);
    const second = file('src/b/second.ts', "import type { small } from '../a/small';");
    const long = file('src/a/small.ts', ...Array<string>(50).fill('x'));
    for (const files of [[small, importer, second], [long, importer], [small]]) {
      expect(dustProblems(files, {})).toEqual([]);
      expect(dustProblems(files, { 'src/a/small.ts': 'a port' })).toHaveLength(1);
    }
  });

  it('file names describe their contents', () => {
    expect(fileNameProblems(project)).toEqual([]);
    expect(barrelProblems(project, ENTRY_POINTS)).toEqual([]);
  });

  it('sees a drawer, a name in another case, and a file that only re-exports', () => {
    const names = ['src/a/utils.ts', 'src/types.ts', 'src/a/camelCase.ts', 'src/a/lease-table.ts'];
    expect(fileNameProblems(names.map((path) => file(path, 'x')))).toHaveLength(3);
    expect(fileNameProblems([file('src/a/kv_pb.ts', '// @generated by protoc-gen-es v2')])).toEqual([]);
    const barrel = file('src/a/all.ts', '/** All. */', "export * from './b';", 'export type { C,', "D } from './c';");
    expect(barrelProblems([barrel], [])).toHaveLength(1);
    expect(barrelProblems([barrel], ['src/a/all.ts'])).toEqual([]);
    expect(barrelProblems([file('src/a/b.ts', "export * from './b';", 'export const b = 1;')], [])).toEqual([]);
  });

  it('imports follow the arrows', () => {
    expect(arrowProblems(project)).toEqual([]);
  });

  it('sees an import that no arrow allows', () => {
    const wrong = [
      ["import { env } from 'cloudflare:workers';", 'src/core/a.ts'],
      ["import { app } from '../http/app';", 'src/core/a.ts'],
      ["import type { Registry } from '../core/namespace/core';", 'src/model/a.ts'],
      ["import { Hono } from 'hono';", 'src/auth/a.ts'],
      ["export * from '../../host/clock';", 'src/http/v1/a.ts'],
      ["const core = await import('../core/namespace/core');", 'src/launcher/a.ts'],
      ["import {\n  one,\n  two,\n} from 'zod';", 'src/launcher/a.ts'],
      ['export {};', 'src/attic/a.ts'],
      ["import { PATH } from '../../http/v1/paths';", 'src/dialects/toy/a.ts'],
      ["import { wire } from '../other/wire';", 'src/dialects/toy/a.ts'],
    ] as const;
    for (const [line, path] of wrong) expect(arrowProblems([file(path, line)]), `${path}: ${line}`).toHaveLength(1);
  });

  it('allows the imports of the table and those in comments', () => {
    const right = file(
      'src/http/v1/a.ts',
      "import { limits } from '../../model/limits';",
      "import { Hono } from 'hono';",
    );
    const mention = file('src/model/a.ts', '/* import x from "hono"; */', "// import y from 'hono';");
    expect(arrowProblems([right, mention])).toEqual([]);
  });

  it('folders import only from lower floors', () => {
    expect(floorProblems(project)).toEqual([]);
  });

  it('sees a folder that imports from above it, from beside it, or from no floor', () => {
    const floors = { core: ['storage', 'directory namespace'] };
    const inRoom = (path: string, target: string) => file(`src/core/${path}`, `import { x } from '${target}';`);
    const allowed = [
      inRoom('namespace/a.ts', '../storage/b'),
      inRoom('namespace/a.ts', './deeper/b'),
      inRoom('c.ts', './namespace/a'),
      inRoom('storage/d.ts', '../../model/errors'),
    ];
    expect(floorProblems(allowed, floors)).toEqual([]);
    const wrong = [
      inRoom('storage/b.ts', '../namespace/a'),
      inRoom('namespace/a.ts', '../directory/e'),
      inRoom('namespace/a.ts', '../c'),
      inRoom('attic/f.ts', './g'),
    ];
    expect(floorProblems(wrong, floors)).toHaveLength(4);
  });

  it('imports have no cycle', () => {
    expect(
      importCycles(project.filter(({ path }) => /^(src|bench|examples|scripts)\/.*\.[jt]sx?$/.test(path))),
    ).toEqual([]);
  });

  it('sees a cycle of any length', () => {
    const round = [
      file('src/a/one.ts', "import { two } from './two';"),
      file('src/a/two.ts', "import type { three } from '../b/three';"),
      file('src/b/three.ts', "export { one } from '../a/one';"),
      file('src/b/four.ts', "import { three } from './three';"),
    ];
    expect(importCycles(round)).toEqual([
      'imports have a cycle: src/a/one.ts -> src/a/two.ts -> src/b/three.ts -> src/a/one.ts',
    ]);
    expect(importCycles(round.slice(1))).toEqual([]);
  });

  it('reads every kind of import', () => {
    const source =
      "import 'a';import b from \"b\";\nexport { c } from 'c';\nimport type {\n  d,\n} from 'd';\nawait import('e');";
    expect(importsOf(file('x.ts', source))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('core', () => {
  it('uses no clock, randomness, timer or platform directly', () => {
    expect(impurityProblems(project)).toEqual([]);
  });

  it('sees a clock, randomness and timers', () => {
    const impure = [
      'const now = Date.now();',
      'const now = new Date();',
      'const now = Date();',
      'const share = Math.random();',
      'const id = crypto.randomUUID();',
      'setTimeout(sweep, 5);',
      'const timer = setInterval(sweep, 5);',
      'const took = performance.now();',
    ];
    for (const line of impure) {
      expect(impurityProblems([file('src/core/a.ts', line)]), line).not.toEqual([]);
      expect(impurityProblems([file('src/host/a.ts', line)]), line).toEqual([]);
    }
  });

  it('may format a given time', () => {
    const format = 'export const format = (at: number): string => new Date(at).toISOString(); // not Date.now()';
    expect(impurityProblems([file('src/model/time.ts', format)])).toEqual([]);
  });
});

describe('errors and limits', () => {
  it('there is one error class', () => {
    expect(errorClassProblems(project)).toEqual([]);
  });

  it('sees another error class', () => {
    for (const line of [
      'class Lost extends Error {}',
      "throw new Error('lost');",
      "if (late) throw new TypeError('late');",
    ]) {
      expect(errorClassProblems([file('src/http/a.ts', line)]), line).toHaveLength(1);
    }
  });

  it('every limit has a unit and a reason, and is in the file of limits', () => {
    expect(limitNameProblems(projectFile('src/model/limits.ts'))).toEqual([]);
    expect(strayLimitProblems(project)).toEqual([]);
  });

  it('sees a limit without unit, without reason, or in another file', () => {
    const good = ['/** Longest wait. `INVALID_REQUEST` */', 'export const WAIT_MAX_MS = 300_000;'];
    expect(limitNameProblems(file('limits.ts', ...good))).toEqual([]);
    expect(limitNameProblems(file('limits.ts', '/** Why. */', 'export const WAIT_MAX = 300_000;'))).toHaveLength(1);
    expect(limitNameProblems(file('limits.ts', '', 'export const WAIT_MAX_MS = 300_000;'))).toHaveLength(1);
    expect(limitNameProblems(file('limits.ts', '/** Why. */', 'export let waitMs: number;'))).toHaveLength(1);
    expect(strayLimitProblems([file('src/host/alarm.ts', 'const RETRY_MAX_MS = 5_000;')])).toHaveLength(1);
  });
});

describe('words', () => {
  it('no file names a machine or the host of a package', () => {
    expect(localPlaceProblems(project)).toEqual([]);
  });

  it('sees a path and a host of one machine', () => {
    const path = ['cd ', 'work', 'main'].join('/');
    const host = ['https://registry', 'npmjs', 'org'].join('.');
    const lock = `"${'resolve'}d": "https://packages.example/zod.tgz"`;
    expect(
      localPlaceProblems([file('README.md', path, host, 'src/work/main'), file('package-lock.json', lock)]),
    ).toHaveLength(3);
  });

  it('links between pages resolve', () => {
    expect(brokenLinkProblems(project)).toEqual([]);
  });

  it('sees a broken link', () => {
    const page = file('docs/a.md', '[home](../README.md#run), [gone](gone.md), [web](https://example.org)', '[b](b/)');
    expect(brokenLinkProblems([page, file('README.md', ''), file('docs/b/c.md', '')])).toEqual([
      'docs/a.md links to gone.md, which does not exist',
    ]);
  });

  it('pages name paths that exist', () => {
    expect(missingPathProblems(project)).toEqual([]);
  });

  it('sees a path on a page that does not exist', () => {
    const page = file(
      'docs/a.md',
      '`src/model/` has `src/model/names.ts`, not `src/model/words.ts`; `src/<room>` is any',
    );
    expect(missingPathProblems([page, file('src/model/names.ts', '')])).toEqual([
      'docs/a.md names src/model/words.ts, which does not exist',
    ]);
  });

  it('no test is skipped', () => {
    expect(unrunTestProblems(project)).toEqual([]);
  });

  it('sees a skipped test', () => {
    for (const word of ['only', 'skip', 'todo', 'skipIf', 'each.only']) {
      expect(unrunTestProblems([file('src/a.test.ts', `it.${word}('x', () => {});`)]), word).toHaveLength(1);
    }
  });
});

describe('promises', () => {
  it('every promise of the spec is quoted by a test, and no other id is', () => {
    const spec = readSpec(projectFile('design/spec.md').text);
    expect(spec.promised).toEqual(expect.arrayContaining(['I1', 'I2', 'I3']));
    expect(specProblems(spec, quotedIds(project))).toEqual([]);
  });

  it('sees an id that is unquoted, unknown, given twice, or tested before its time', () => {
    const spec = readSpec('- **L1** One.\n- **L2** Two.\n- **L2** Again.\n## Promised later\n- **W1** Watch.');
    const titles = file('src/a.test.ts', `it('${'['}L1, L9] x', run);`, `it("${'['}W1] y", run);`);
    expect(specProblems(spec, quotedIds([titles]))).toEqual([
      'the spec gives L2 twice',
      'no test quotes L2',
      'no test quotes L2',
      'W1 is tested; it is no longer promised for later',
      'src/a.test.ts quotes L9, which the spec lacks',
    ]);
  });
});
