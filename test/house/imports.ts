import { dirname, join } from 'node:path/posix';
import { type SourceFile, withoutComments } from './source-tree';

const IMPORT = /(?:^|[\n;])\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"\n]+)['"]/g;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"\n]+)['"]/g;

/** Returns the specifiers of a file's imports, including type imports. */
export function importsOf(file: SourceFile): string[] {
  const text = withoutComments(file.text);
  return [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC_IMPORT)].map((match) => match[1] ?? '');
}

/** Resolves a relative import to a file of the project; undefined for a package or a missing file. */
function resolveImport(from: SourceFile, specifier: string, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const base = join(dirname(from.path), specifier);
  return [base, `${base}.ts`, `${base}.tsx`, base.replace(/\.js$/, '.ts'), `${base}/index.ts`].find((path) =>
    paths.has(path),
  );
}

/** Returns the importers of each file by its path, including type imports. */
export function importersOf(files: SourceFile[]): Map<string, string[]> {
  const paths = new Set(files.map((file) => file.path));
  const importers = new Map<string, string[]>();
  for (const file of files) {
    const targets = new Set(importsOf(file).flatMap((specifier) => resolveImport(file, specifier, paths) ?? []));
    for (const target of targets) importers.set(target, [...(importers.get(target) ?? []), file.path]);
  }
  return importers;
}

/** Checks rule 2: no file imports itself through others. Returns a problem for each cycle. */
export function importCycles(files: SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const targets = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).flatMap((specifier) => resolveImport(file, specifier, paths) ?? []),
    ]),
  );
  const problems: string[] = [];
  const done = new Set<string>();

  function visit(path: string, trail: string[]): void {
    const start = trail.indexOf(path);
    if (start >= 0) {
      problems.push(`imports have a cycle: ${[...trail.slice(start), path].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  }

  for (const path of targets.keys()) visit(path, []);
  return problems;
}
