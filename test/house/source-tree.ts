import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the project, or an invented one in the test of a rule. */
export interface SourceFile {
  /** Relative to the project's root, with forward slashes. */
  path: string;
  text: string;
}

export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folders of third-party or generated files. */
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

/** Reads every handwritten file. Doesn't use git, because the test also runs in an unpacked archive. */
export function readProject(): SourceFile[] {
  return [...walk(PROJECT_ROOT)].sort((one, other) => (one.path < other.path ? -1 : 1));
}

export const isTest = (file: SourceFile): boolean => /\.test\.tsx?$/.test(file.path);

/** Returns whether a file is source code and not a test. */
export const isSource = (file: SourceFile): boolean =>
  /^(src|bin|scripts|examples|bench)\/.*\.[jt]sx?$/.test(file.path) && !isTest(file) && !file.path.endsWith('.d.ts');

/**
 * Returns the text without its comments, with the same line numbers. Ignores strings that look like comments, which are
 * rare.
 */
export function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[\s;{}(),])\/\/.*$/gm, '$1');
}
