import { basename } from 'node:path/posix';
import { isSource, type SourceFile, withoutComments } from './source-tree';

/** Names that do not describe the content, so that any code would fit. */
const DRAWER = /^(?:utils?|helpers?|managers?|types|common|misc|shared|lib)$/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const REEXPORT = /^export (?:type )?(?:\*|\{[^}]*\}) from '[^']*';?$/gm;

/** Checks rule 3: a file of `src/` has a kebab-case name that describes its content. */
export function fileNameProblems(files: SourceFile[]): string[] {
  return files
    .filter((file) => file.path.startsWith('src/') && isSource(file))
    .flatMap(({ path }) => {
      const name = basename(path).replace(/\.[jt]sx?$/, '');
      if (DRAWER.test(name)) return [`${path}: "${name}" does not describe its contents`];
      return KEBAB_CASE.test(name) ? [] : [`${path} is not in kebab-case`];
    });
}

/**
 * Checks rule 3: only the entry points of the package re-export from other files.
 *
 * @param entries Paths of the entry points.
 */
export function barrelProblems(files: SourceFile[], entries: readonly string[]): string[] {
  return files
    .filter((file) => file.path.startsWith('src/') && isSource(file) && !entries.includes(file.path))
    .filter(({ text }) => {
      const code = withoutComments(text).trim();
      return code !== '' && code.replace(REEXPORT, '').trim() === '';
    })
    .map(({ path }) => `${path} only re-exports other files; import those`);
}
