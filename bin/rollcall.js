#!/usr/bin/env node
// Plain JavaScript for any Node from 20.12 on. In a checkout the program is TypeScript, and is bundled first; what npm
// installs holds no sources, and brings dist/ along.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const source = pathOf('src/cli/main.ts');
const bundle = pathOf('dist/rollcall.js');

async function bundleProgram() {
  const { buildSync } = await import('esbuild');
  const { outputFiles } = buildSync({
    entryPoints: [source],
    bundle: true,
    write: false,
    // The text names the modules relative to this folder: it must not depend on where the command is run.
    absWorkingDir: pathOf(''),
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // All packages are in it, so that it runs where none is installed. A checkout alone bundles.
    external: ['esbuild'],
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  });
  const [{ text }] = outputFiles;
  if (existsSync(bundle) && readFileSync(bundle, 'utf8') === text) return;
  mkdirSync(pathOf('dist'), { recursive: true });
  writeFileSync(`${bundle}.${process.pid}`, text);
  renameSync(`${bundle}.${process.pid}`, bundle);
}

// On Deno the launcher has already bundled it, because Deno finds no packages here.
if (existsSync(source) && process.versions.deno === undefined) await bundleProgram();
const { main } = await import(new URL('../dist/rollcall.js', import.meta.url));
process.exitCode = await main(process.argv.slice(2));
