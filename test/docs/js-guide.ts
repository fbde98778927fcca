import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { PROJECT_ROOT } from '../house/source-tree';

/**
 * Files of the project that replace an application's imports. Longer names first, because all begin with
 * `rollcall/client`.
 */
export const CLIENT_PACKAGES = {
  'rollcall/client/selectors': 'src/client/selectors.ts',
  'rollcall/client/resolver': 'src/client/resolver.ts',
  'rollcall/client/admin': 'src/client/admin.ts',
  'rollcall/client/locks': 'src/client/locks.ts',
  'rollcall/client/kv': 'src/client/kv.ts',
  'rollcall/client/edge': 'src/client/edge.ts',
  'rollcall/client': 'src/client/index.ts',
};

/** A piece of a page's program, and its output on the page. */
export interface Piece {
  code: string;
  /** Line of the page where it starts. */
  line: number;
  /** Lines of the `text` block after it; undefined if the page shows none. */
  shown: string | undefined;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** Reads the pieces of a page: each block of `js`, with the `text` block that follows it. */
export function readPieces(page: string): Piece[] {
  const pieces: Piece[] = [];
  for (const match of page.matchAll(FENCE)) {
    const [, language, text = ''] = match;
    const last = pieces.at(-1);
    if (language === 'js') {
      pieces.push({ code: text, line: page.slice(0, match.index).split('\n').length, shown: undefined });
    } else if (language === 'text' && last !== undefined && last.shown === undefined) last.shown = text;
  }
  return pieces;
}

const BOUNDARY = '--- next piece ---';

/**
 * Runs the pieces of a page as one module in a folder, from the first to the last.
 *
 * @param packages Files of the project that replace the page's imports.
 */
export async function runPieces(
  pieces: readonly Piece[],
  folder: string,
  packages: Record<string, string>,
): Promise<{ outputs: string[]; status: number | null; stderr: string }> {
  const mark = `\nconsole.log(${JSON.stringify(BOUNDARY)});\n`;
  const entry = join(folder, 'page.js');
  const program = join(folder, 'program.mjs');
  writeFileSync(entry, pieces.map(({ code }) => `${mark}${code}`).join('\n'));
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    alias: Object.fromEntries(Object.entries(packages).map(([name, path]) => [name, join(PROJECT_ROOT, path)])),
  });
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 180_000,
  });
  return { outputs: stdout.split(`${BOUNDARY}\n`).slice(1), status, stderr };
}
