import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';

/** What the client weighs, minified and compressed, as an application that bundles it would load it. */

const CLIENT = join(PROJECT_ROOT, 'src/client');
const KB = 1024;

/** Loaded when it is first asked for, and in files of their own. */
const ON_DEMAND = ['./register', './stream-source', './poll-source', './balanced-fetch'];

interface Bundle {
  bytes: number;
  /** Every file that is in it. */
  inputs: string[];
  /** Whatever it would import when it runs. */
  imports: string[];
}

/** @param without Modules that are left outside, as they are written. */
function bundle(entry: string, without: string[] = []): Bundle {
  const { outputFiles, metafile } = buildSync({
    entryPoints: [join(CLIENT, entry)],
    absWorkingDir: PROJECT_ROOT,
    outdir: 'unwritten',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    external: without,
  });
  const [file] = outputFiles;
  return {
    bytes: gzipSync(file?.contents ?? '', { level: 9 }).length,
    inputs: Object.keys(metafile.inputs),
    imports: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
  };
}

describe('the size of', () => {
  it('the core is at most 6 KB: a client that connects, watches and goes on after any break', () => {
    const { bytes, imports } = bundle('client.ts', [...ON_DEMAND, './resolvers']);
    expect(imports.sort()).toEqual(['./poll-source', './register', './resolvers', './stream-source']);
    expect(bytes).toBeLessThanOrEqual(6 * KB);
  });

  it('what is added to it is as little: a resolver, registering, and the ways around a proxy without sockets', () => {
    const core = bundle('client.ts', [...ON_DEMAND, './resolvers']).bytes;
    const added = (...without: string[]) => bundle('client.ts', without).bytes - core;
    expect(added(...ON_DEMAND)).toBeLessThanOrEqual(4 * KB);
    expect(added('./resolvers', './stream-source', './poll-source')).toBeLessThanOrEqual(4 * KB);
    expect(added('./resolvers', './register', './poll-source')).toBeLessThanOrEqual(KB);
    expect(added('./resolvers', './register', './stream-source')).toBeLessThanOrEqual(1.5 * KB);
  });

  it('the calls of the whole API are a bundle of their own', () => {
    expect(bundle('admin.ts').bytes).toBeLessThanOrEqual(4 * KB);
  });
});

describe.each(['index.ts', 'admin.ts', 'selectors.ts'])('the entry %s', (entry) => {
  it('has nothing in it that is not the client, and imports nothing when it runs', () => {
    const { inputs, imports } = bundle(entry);
    expect(inputs.filter((path) => !path.startsWith('src/client/'))).toEqual([]);
    expect(imports).toEqual([]);
  });
});
