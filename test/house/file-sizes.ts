import { isSource, isTest, type SourceFile } from './source-tree';

const SOURCE_LINES_MAX = 400;
const TEST_LINES_MAX = 600;

/**
 * Rule 1: a source file has at most 400 lines, unless it is listed with a reason; a test file at most 600.
 *
 * @param allowed Path to reason. An entry that is no longer needed is a problem too.
 */
export function fileSizeProblems(files: SourceFile[], allowed: Record<string, string>): string[] {
  const problems: string[] = [];
  const needed = new Set<string>();
  for (const file of files) {
    if (!isSource(file) && !isTest(file)) continue;
    const lines = file.text.trimEnd().split('\n').length;
    const most = isTest(file) ? TEST_LINES_MAX : SOURCE_LINES_MAX;
    if (lines <= most) continue;
    needed.add(file.path);
    if (!Object.hasOwn(allowed, file.path)) problems.push(`${file.path} has ${lines} lines; split it below ${most}`);
  }
  for (const path of Object.keys(allowed)) {
    if (!needed.has(path)) problems.push(`${path} needs no exception for its size any more; take it off the list`);
  }
  return problems;
}
