import { importersOf } from './imports';
import { isSource, isTest, type SourceFile } from './source-tree';

const SOURCE_LINES_MAX = 400;
const TEST_LINES_MAX = 600;

/** A file with fewer lines needs more than one importer. */
const DUST_LINES = 50;

const lineCount = ({ text }: SourceFile): number => text.trimEnd().split('\n').length;

/**
 * Checks rule 1: a source file has at most 400 lines, unless it is listed with a reason; a test file at most 600.
 *
 * @param allowed Path to reason. An entry that is no longer needed is a problem too.
 */
export function fileSizeProblems(files: SourceFile[], allowed: Record<string, string>): string[] {
  const problems: string[] = [];
  const needed = new Set<string>();
  for (const file of files) {
    if (!isSource(file) && !isTest(file)) continue;
    const lines = lineCount(file);
    const most = isTest(file) ? TEST_LINES_MAX : SOURCE_LINES_MAX;
    if (lines <= most) continue;
    needed.add(file.path);
    if (!Object.hasOwn(allowed, file.path)) problems.push(`${file.path} has ${lines} lines; split it below ${most}`);
  }
  for (const path of Object.keys(allowed)) {
    if (!needed.has(path)) problems.push(`${path} no longer needs an exception for its size; remove it from the list`);
  }
  return problems;
}

/**
 * Checks rule 1: a file of `src/` under 50 lines with one importer belongs in that importer, unless it is a port, a table or
 * one of several files of the same kind in a folder.
 *
 * @param allowed Path to reason; a path that ends in a slash includes all files of its folder. An entry that is no longer
 *   needed is a problem too.
 */
export function dustProblems(files: SourceFile[], allowed: Record<string, string>): string[] {
  const code = files.filter((file) => file.path.startsWith('src/') && isSource(file));
  const importers = importersOf(code);
  const needed = new Set<string>();
  const problems: string[] = [];
  for (const file of code) {
    const [importer, ...others] = importers.get(file.path) ?? [];
    if (importer === undefined || others.length > 0 || lineCount(file) >= DUST_LINES) continue;
    const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
    const exception = [file.path, folder].find((path) => Object.hasOwn(allowed, path));
    if (exception !== undefined) needed.add(exception);
    else problems.push(`${file.path} has ${lineCount(file)} lines and one importer; move it into ${importer}`);
  }
  for (const path of Object.keys(allowed)) {
    if (!needed.has(path))
      problems.push(`${path} no longer needs an exception as a small file; remove it from the list`);
  }
  return problems;
}
