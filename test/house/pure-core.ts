import { isTest, type SourceFile, withoutComments } from './source-tree';

const PURE_ROOMS = /^src\/(model|core)\//;

/** Code that would make the core depend on the time, the place or the number of runs. `new Date(value)` only formats. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bnew Date\b(?!\()|(?<!new )\bDate\(|\bMath\.random\b|\bcrypto\b|\bperformance\b|\b(?:set|clear)(?:Timeout|Interval|Immediate)\b|\bconsole\b|\bfetch\(|\bprocess\.|\bglobalThis\b/g;

/** Checks rule 8: the core receives its clock, its randomness and its disk, and accesses none of them directly. */
export function impurityProblems(files: SourceFile[]): string[] {
  return files
    .filter((file) => PURE_ROOMS.test(file.path) && !isTest(file))
    .flatMap((file) =>
      withoutComments(file.text)
        .split('\n')
        .flatMap((line, index) =>
          [...line.matchAll(IMPURE)].map(
            (match) => `${file.path}:${index + 1} uses ${match[0]}; take it as an argument`,
          ),
        ),
    );
}
