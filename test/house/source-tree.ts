import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the project, or a made-up one in a test of a rule. */
export interface SourceFile {
  /** From the project's root, with forward slashes. */
  path: string;
  text: string;
}

export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that hold what others wrote or what a run left behind. */
const FOREIGN_FOLDERS = new Set(['node_modules', '.git', '.wrangler', 'dist', 'data', 'reports']);
const FOREIGN_FILES = /\.(log|tgz|png|ico|sqlite)$|^\.dev\.vars$|^\.git$/;

function* walk(folder: string): Generator<SourceFile> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!FOREIGN_FOLDERS.has(entry.name)) yield* walk(path);
    } else if (entry.isFile() && !FOREIGN_FILES.test(entry.name)) {
      yield { path: relative(PROJECT_ROOT, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') };
    }
  }
}

/** Every file that people wrote. Needs no git: the test also runs from an unpacked archive. */
export function readProject(): SourceFile[] {
  return [...walk(PROJECT_ROOT)].sort((one, other) => (one.path < other.path ? -1 : 1));
}

export const isTest = (file: SourceFile): boolean => /\.test\.ts$/.test(file.path);

/** Code that runs, tests apart. */
export const isSource = (file: SourceFile): boolean =>
  /^(src|bin|scripts|examples|bench)\/.*\.[jt]s$/.test(file.path) && !isTest(file) && !file.path.endsWith('.d.ts');

/** The text without its comments, each line where it was. Strings that look like comments are rare enough. */
export function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[\s;{}(),])\/\/.*$/gm, '$1');
}
