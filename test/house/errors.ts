import { isTest, type SourceFile, withoutComments } from './source-tree';

/** Rooms that callers reach. The launcher reports to a person at a terminal, and imports no room. */
const CALLER_FACING = /^src\/(model|core|host|auth|http|worker\.ts)/;
const HOME = 'src/model/errors.ts';

/** Rooms that refuse requests. In lower rooms a bare `Error` is a defect, which INTERNAL reports correctly. */
const SURFACE = /^src\/(model|auth|http|worker\.ts)/;

/** Checks rule 14: there is one error class. Callers would receive any other as INTERNAL, whatever its meaning. */
export function errorClassProblems(files: SourceFile[]): string[] {
  return files
    .filter((file) => CALLER_FACING.test(file.path) && !isTest(file) && file.path !== HOME)
    .flatMap((file) =>
      withoutComments(file.text)
        .split('\n')
        .flatMap((line, index) => {
          const where = `${file.path}:${index + 1}`;
          if (/\bextends \w*Error\b/.test(line)) return [`${where} declares an error class; use RegistryError`];
          if (SURFACE.test(file.path) && /\bthrow new (?!RegistryError\b)\w+/.test(line))
            return [`${where} throws something other than a RegistryError`];
          return [];
        }),
    );
}
