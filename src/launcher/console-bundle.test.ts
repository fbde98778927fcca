import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { gunzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { bundleConsole, type ConsoleBundle, consoleModule } from './console-bundle';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-console-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sources with a static chunk that two parts share, a lazy part, and a package. */
const SOURCES: Record<string, string> = {
  'index.html': '<link href="{{icon}}"><link href="{{style}}">{{preloads}}<script src="{{script}}"></script>',
  'icon.svg': '<svg/>',
  'console.css': 'main { color: red }',
  'main.tsx': `import './console.css'; import { shared } from './shared'; import * as box from 'box';
    console.log(shared, box); addEventListener('click', () => import('./lazy'));`,
  'shared.ts': `export const shared = '实例';`,
  'lazy.ts': `import { shared } from './shared'; console.log('lazy', shared);`,
};

/** Writes sources into a folder of their own and bundles them. */
function bundle(name: string, changed: Record<string, string> = {}): ConsoleBundle {
  const root = join(folder, name);
  mkdirSync(join(root, 'src/console'), { recursive: true });
  mkdirSync(join(root, 'node_modules/box'), { recursive: true });
  writeFileSync(join(root, 'node_modules/box/index.js'), 'export const box = 1;');
  for (const [path, text] of Object.entries({ ...SOURCES, ...changed })) {
    writeFileSync(join(root, 'src/console', path), text);
  }
  return bundleConsole(esbuild, root);
}

const textOf = ({ files }: ConsoleBundle, name: string): string =>
  gunzipSync(Buffer.from(files.get(name)?.gzip ?? '', 'base64')).toString();

describe('bundleConsole', () => {
  it('fills the page with hashed names, and preloads what the script imports', () => {
    const built = bundle('a');
    const page = textOf(built, 'index.html');
    const hashed = (name: string) => `/console/files/${name.replace('.', '-[A-Z0-9]{8}\\.')}`;
    expect(page).toMatch(
      new RegExp(
        `^<link href="${hashed('icon.svg')}"><link href="${hashed('main.css')}"><link rel="modulepreload" href="${hashed('chunk.js')}"><script src="${hashed('main.js')}"></script>$`,
      ),
    );
    for (const [, name = ''] of page.matchAll(/files\/([^"]+)/g)) expect([...built.files.keys()]).toContain(name);
    const names = [...built.files.keys()].map((name) => name.replace(/-[A-Z0-9]{8}/, ''));
    expect(names).toEqual(['chunk.js', 'icon.svg', 'index.html', 'lazy.js', 'main.css', 'main.js']);
  });

  it('is the same each time, and gives changed content another name', () => {
    expect(consoleModule(bundle('b'))).toBe(consoleModule(bundle('c')));
    const changed = [...bundle('d', { 'console.css': 'main { color: blue }' }).files.keys()];
    expect(changed.filter((name) => !bundle('b').files.has(name))).toEqual([expect.stringMatching(/^main-.*\.css$/)]);
  });

  it('keeps letters of other languages as they are', () => {
    const built = bundle('e');
    const main = [...built.files.keys()].find((name) => /^main-.*\.js$/.test(name)) ?? '';
    expect(textOf(built, main)).toContain('实例');
    expect(built.files.get(main)?.type).toBe('text/javascript; charset=utf-8');
  });

  it.each([
    ['main.tsx', 'console.log(1);', "no style sheet: import './console.css' in src/console/main.tsx"],
    [
      'index.html',
      SOURCES['index.html']?.replace('{{preloads}}', '') ?? '',
      'no {{preloads}} in src/console/index.html',
    ],
  ])('refuses %s that reads %s', (path, text, message) => {
    expect(() => bundle('f', { [path]: text })).toThrow(message);
  });
});

describe('consoleModule', () => {
  it('names the packages for the list of licenses, and exports the files', () => {
    const built = bundle('g');
    const path = join(folder, 'module.mjs');
    const text = consoleModule(built);
    expect(text).toMatch(/^\/\/ node_modules\/box\/\nexport default \{/);
    writeFileSync(path, text);
    const program = `import('${path}').then(({ default: files }) => console.log(JSON.stringify(files)))`;
    const exported = execFileSync(process.execPath, ['--eval', program], { encoding: 'utf8' });
    expect(JSON.parse(exported)).toEqual(Object.fromEntries(built.files));
  });
});
