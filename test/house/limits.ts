import { isTest, type SourceFile, withoutComments } from './source-tree';

const HOME = 'src/model/limits.ts';

/** Units that end a limit's name. A weight is a share and has no unit. */
const UNIT = /_(MS|BYTES|COUNT|CHARACTERS|METERS)$|^WEIGHT_MAX$/;
const EXPORTED_NUMBER = /^export const (\w+)(?:: number)? = [-\d(]/;

/** An hour is a constant; any other number of a unit is a limit. */
const LIMIT_ELSEWHERE =
  /^(?:export )?const (?!(?:HOUR|DAY)_MS\b)([A-Z][A-Z0-9_]*_(?:MS|BYTES|COUNT|CHARACTERS|MAX|MIN))(?:: number)? = [-\d(]/;

/** Checks rule 18: in the file of limits, each name ends in its unit and each has a comment with the reason. */
export function limitNameProblems(limits: SourceFile): string[] {
  const lines = limits.text.split('\n');
  const problems: string[] = [];
  lines.forEach((line, index) => {
    if (!line.startsWith('export ')) return;
    const name = EXPORTED_NUMBER.exec(line)?.[1];
    if (name === undefined) problems.push(`${limits.path}:${index + 1} exports something that is not a number`);
    else if (!UNIT.test(name)) problems.push(`${limits.path}:${index + 1} ${name} does not end in its unit`);
    if (!/\*\/\s*$/.test(lines[index - 1] ?? '')) problems.push(`${limits.path}:${index + 1} has no comment above it`);
  });
  return problems;
}

/** Checks rule 18: limits of the registry's rooms are in the file of limits only. The launcher imports no room. */
export function strayLimitProblems(files: SourceFile[]): string[] {
  return files
    .filter((file) => /^src\/(model|core|host|auth|http)\//.test(file.path) && !isTest(file) && file.path !== HOME)
    .flatMap((file) =>
      withoutComments(file.text)
        .split('\n')
        .flatMap((line, index) => {
          const name = LIMIT_ELSEWHERE.exec(line)?.[1];
          return name === undefined ? [] : [`${file.path}:${index + 1} ${name} belongs in ${HOME}`];
        }),
    );
}
