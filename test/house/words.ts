import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { isTest, PROJECT_ROOT, type SourceFile } from './source-tree';

/** Paths and hosts that exist on one machine only, and lock file entries with the hosts of packages. */
const LOCAL = /(?<![\w.])\/(?:work|farm|home|root|Users)\/|registry\.(?:npmjs|yarnpkg|npmmirror)\b|"resolve[d]":/;

/** Checks that no file names a place that exists only on its author's machine. */
export function localPlaceProblems(files: SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) => (LOCAL.test(line) ? [`${file.path}:${index + 1} names a place: ${line.trim()}`] : [])),
  );
}

/** Checks rule 21: no test is skipped or focused. One that can't run somewhere has a capability flag with a reason. */
export function unrunTestProblems(files: SourceFile[]): string[] {
  const unrun = /\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.(only|skip|todo|skipIf|runIf|fails)\b|\bcontext\.skip\(/;
  return files
    .filter((file) => isTest(file) || file.path.startsWith('test/'))
    .flatMap((file) =>
      file.text
        .split('\n')
        .flatMap((line, index) => (unrun.test(line) ? [`${file.path}:${index + 1} skips a test: ${line.trim()}`] : [])),
    );
}

/** Checks that links between the project's own pages resolve. */
export function brokenLinkProblems(files: SourceFile[]): string[] {
  const paths = pathsOf(files);
  return files
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) =>
      [...file.text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => {
          const path = join(dirname(file.path), target).replace(/\/$/, '');
          // Pictures are no source files.
          return !(path.endsWith('.png') ? existsSync(join(PROJECT_ROOT, path)) : paths.has(path));
        })
        .map((target) => `${file.path} links to ${target}, which does not exist`),
    );
}

/** Checks that the project's paths in the code of its pages exist. */
export function missingPathProblems(files: SourceFile[]): string[] {
  const paths = pathsOf(files);
  return files
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) =>
      [...file.text.matchAll(/`((?:src|test|bench|scripts|examples|docs|design)\/[\w./-]*)`/g)]
        .map(([, path = '']) => path.replace(/\/$/, ''))
        .filter((path) => !paths.has(path))
        .map((path) => `${file.path} names ${path}, which does not exist`),
    );
}

/** Returns the paths of files and of all their folders. */
function pathsOf(files: SourceFile[]): Set<string> {
  return new Set(
    files.flatMap(({ path }) => path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))),
  );
}

/** A line of a comment: its words. */
const COMMENT = /^\s*(?:\/\*\*?|\*|\/\/) +(.*)$/;

/** A docstring opens with a verb or a noun phrase. */
const OPENING = /^\s*\/\*\* (What|Who|Whom|Whoever|Whether)\b/;

/** Words and phrases that no engineer would search for, or that hide who acts. */
const ODD =
  /\b(whoever|somebody|nobody|riddle|parted by|comes? to be|goes by|stands in|of yours|good for|a word of|(?:is|are|was|were) told)\b/i;

/** Rule 29: comments are plain technical English. */
export function wordingProblems(files: SourceFile[]): string[] {
  return files
    .filter(({ path }) => /\.(?:tsx?|js)$/.test(path))
    .flatMap((file) =>
      file.text.split('\n').flatMap((line, index) => {
        const [, odd] = ODD.exec(COMMENT.exec(line)?.[1] ?? '') ?? OPENING.exec(line) ?? [];
        return odd === undefined ? [] : [`${file.path}:${index + 1} says "${odd}": ${line.trim()}`];
      }),
    );
}

/** First argument of a call of `describe`, `it` or `test`, or of the function that their `each` returns. */
const TITLE =
  /(?:(?<![.\w])(?:describe|it|test)(?:\.\w+)*\(|\)\()\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;

/** Words that no title contains. */
const ODD_IN_TITLES =
  /\b(tells?|told|whoever|somebody|nobody|anybody|everybody|riddle|parted by|comes? to be|goes by|stands in|of yours|good for|a word of|mend(?:s|ed|ing)?|deeds?)\b/i;

/** Rule 29: titles of tests are plain technical English. */
export function titleProblems(files: SourceFile[]): string[] {
  return files
    .filter((file) => isTest(file) || /^test\/.*\.ts$/.test(file.path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(TITLE)].flatMap((match) => {
        const title = match[1] ?? match[2] ?? match[3] ?? '';
        const [, odd] = ODD_IN_TITLES.exec(title) ?? [];
        const line = text.slice(0, match.index).split('\n').length;
        return odd === undefined ? [] : [`${path}:${line} says "${odd}": ${title}`];
      }),
    );
}
