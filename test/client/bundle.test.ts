import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';

/**
 * Size of each client entry on the first load: its own file and all its static imports, each
 * minified and compressed separately, as a bundler lays them out. On-demand files load later, if at all.
 */

/** Maximum size of the first load of each published entry. The core's is a promise; the others are the current sizes. */
const FIRST_LOAD_MAX_BYTES: Record<string, number> = {
  './client': 6_144,
  './client/admin': 3_600,
  './client/edge': 6_000,
  './client/kv': 6_350,
  './client/locks': 8_850,
  './client/resolver': 4_700,
  './client/selectors': 1_900,
};

/** Files outside src/client that the client runs: plain functions on which it must agree with the registry. */
const SHARED_FILES = ['src/model/duration.ts', 'src/model/bytes.ts'];

/** Additional size if all entries share chunks, as in dist/client: one entry has up to nine files, compressed one by one. */
const SHARED_EXTRA_BYTES = 1_200;

/** Maximum size of each file that the core and the resolver load on demand. */
const ON_DEMAND_MAX_BYTES: Record<string, number> = {
  register: 4_350,
  'choose-source': 1_900,
  'background-fetch': 600,
  failure: 1_100,
  'open-socket': 1_200,
  outages: 600,
  'stream-source': 1_500,
  'poll-source': 1_300,
  'service-polls': 1_300,
  'key-polls': 1_150,
  'key-query': 700,
  'balanced-fetch': 1_400,
};

interface Bundle {
  /** Entries and on-demand modules, by the name of the module without folder and extension. */
  loads: Map<string, { files: string[]; bytes: number }>;
  /** Compressed size of each file. */
  sizes: Map<string, number>;
  /** Every file that is in any bundle. */
  inputs: string[];
  /** Run-time imports that are not among its own files. */
  foreign: string[];
}

interface Package {
  exports: Record<string, { default: string } | string>;
}

/** Returns the entries that the package publishes, by their sources. */
function publishedEntries(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as Package; // `as`: our own
  const entries = new Map<string, string>();
  for (const [name, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue;
    entries.set(name, target.default.replace(/^\.\/dist\/client\/(.+)\.js$/, '$1'));
  }
  return entries;
}

/** Builds entries together like `npm run build:client`, but minified. */
function bundle(entries: Iterable<string>): Bundle {
  const { outputFiles, metafile } = buildSync({
    entryPoints: [...entries].map((entry) => join(PROJECT_ROOT, 'src/client', `${entry}.ts`)),
    absWorkingDir: PROJECT_ROOT,
    outdir: join(PROJECT_ROOT, 'unwritten'),
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
  });
  const sizes = new Map(
    outputFiles.map(({ path, contents }) => [relative(PROJECT_ROOT, path), gzipSync(contents, { level: 9 }).length]),
  );
  const loads: Bundle['loads'] = new Map();
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint === undefined) continue;
    const files = [...loadedWith(path, metafile)];
    const bytes = files.reduce((sum, file) => sum + (sizes.get(file) ?? Number.NaN), 0);
    loads.set(entryPoint.replace(/^.*\/|\.ts$/g, ''), { files, bytes });
  }
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return {
    loads,
    sizes,
    inputs: Object.keys(metafile.inputs),
    foreign: imports.filter(({ external }) => external).map(({ path }) => path),
  };
}

/** Returns a file and all its static imports, direct and indirect. */
function loadedWith(path: string, { outputs }: Metafile, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const { path: next, kind } of outputs[path]?.imports ?? []) {
    if (kind === 'import-statement') loadedWith(next, { outputs, inputs: {} }, found);
  }
  return found;
}

const published = bundle(publishedEntries().values());

describe('the first load of', () => {
  it('every entry has a limit here', () => {
    expect([...publishedEntries().keys()].sort()).toEqual(Object.keys(FIRST_LOAD_MAX_BYTES).sort());
  });

  it.each(Object.entries(FIRST_LOAD_MAX_BYTES))(
    '%s is at most %i bytes, minified and compressed',
    (name, mostBytes) => {
      const entry = publishedEntries().get(name) ?? '';
      const bytes = bundle([entry]).loads.get(entry)?.bytes;
      expect(bytes).toBeGreaterThan(0.9 * mostBytes);
      expect(bytes).toBeLessThanOrEqual(mostBytes);
      expect(published.loads.get(entry)?.bytes).toBeLessThanOrEqual(mostBytes + SHARED_EXTRA_BYTES);
    },
  );
});

describe('code loaded on demand', () => {
  it.each(Object.entries(ON_DEMAND_MAX_BYTES))(
    '%s adds at most %i bytes to what is loaded before it',
    (name, mostBytes) => {
      const there = published.loads.get(name === 'balanced-fetch' ? 'resolver' : 'index')?.files ?? [];
      const more = published.loads.get(name)?.files.filter((file) => !there.includes(file)) ?? [];
      expect(more).not.toEqual([]);
      const bytes = more.reduce((sum, file) => sum + (published.sizes.get(file) ?? Number.NaN), 0);
      expect(bytes).toBeLessThanOrEqual(mostBytes);
    },
  );

  it('is not part of any first load', () => {
    const demanded = [...published.loads.keys()].filter((name) => ![...publishedEntries().values()].includes(name));
    expect(demanded.sort()).toEqual(Object.keys(ON_DEMAND_MAX_BYTES).sort());
  });
});

it('the client has no other files and no other imports at run time', () => {
  expect(published.inputs.filter((path) => !path.startsWith('src/client/'))).toEqual(SHARED_FILES);
  expect(published.foreign).toEqual([]);
});
