import { transformSync } from 'esbuild';
import { isTest, type SourceFile, withoutComments } from './source-tree';

/** Rooms that are pure: nothing excuses them from a test beside each file. */
const PURE_ROOMS = /^src\/(model|registry|auth)\//;

/** True where something is left to run when the types are gone: a function, a method, a class. */
export function hasBehaviour(file: SourceFile): boolean {
  const { code } = transformSync(file.text, { loader: 'ts' });
  return /=>|\bfunction\b|\bclass\b/.test(withoutComments(code));
}

/**
 * Rule 4: every file with behaviour in the pure rooms has its test beside it.
 *
 * @param elsewhere Path to the test that covers it instead, where a neighbour would only repeat that one.
 */
export function neighbourTestProblems(files: SourceFile[], elsewhere: Record<string, string>): string[] {
  const paths = new Set(files.map((file) => file.path));
  const problems: string[] = [];
  for (const file of files) {
    if (!PURE_ROOMS.test(file.path) || isTest(file) || file.path.endsWith('.d.ts')) continue;
    const stem = file.path.replace(/\.ts$/, '');
    const tested = paths.has(`${stem}.test.ts`) || paths.has(`${stem}.workerd.test.ts`);
    const other = Object.hasOwn(elsewhere, file.path) ? elsewhere[file.path] : undefined;
    if (tested && other !== undefined) problems.push(`${file.path} has a neighbour test; take it off the list`);
    if (tested || other !== undefined || !hasBehaviour(file)) continue;
    problems.push(`${file.path} has behaviour and no ${stem.replace(/^.*\//, '')}.test.ts beside it`);
  }
  for (const [path, test] of Object.entries(elsewhere)) {
    if (!paths.has(path)) problems.push(`${path} is listed and does not exist`);
    if (!paths.has(test)) problems.push(`${test}, said to cover ${path}, does not exist`);
  }
  return problems;
}
