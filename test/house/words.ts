import { dirname, join } from 'node:path/posix';
import { isTest, type SourceFile } from './source-tree';

/** Paths and hosts that exist on one machine only, and a lock file that names where packages were fetched. */
const LOCAL = /(?<![\w.])\/(?:work|farm|home|root|Users)\/|registry\.(?:npmjs|yarnpkg|npmmirror)\b|"resolve[d]":/;

/** No file names a place that only its author has. */
export function localPlaceProblems(files: SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) => (LOCAL.test(line) ? [`${file.path}:${index + 1} names a place: ${line.trim()}`] : [])),
  );
}

/** Rule 21: no test is left out or singled out. What can't run somewhere has a capability flag with a reason. */
export function unrunTestProblems(files: SourceFile[]): string[] {
  const unrun = /\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.(only|skip|todo|skipIf|runIf|fails)\b|\bcontext\.skip\(/;
  return files
    .filter((file) => isTest(file) || file.path.startsWith('test/'))
    .flatMap((file) =>
      file.text
        .split('\n')
        .flatMap((line, index) =>
          unrun.test(line) ? [`${file.path}:${index + 1} leaves a test out: ${line.trim()}`] : [],
        ),
    );
}

/** Links between the project's own pages lead somewhere. */
export function brokenLinkProblems(files: SourceFile[]): string[] {
  const paths = pathsOf(files);
  return files
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) =>
      [...file.text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !paths.has(join(dirname(file.path), target).replace(/\/$/, '')))
        .map((target) => `${file.path} links to ${target}, which is not there`),
    );
}

/** Paths of the project that its pages name in code exist. */
export function missingPathProblems(files: SourceFile[]): string[] {
  const paths = pathsOf(files);
  return files
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) =>
      [...file.text.matchAll(/`((?:src|test|bench|scripts|examples|docs|design)\/[\w./-]*)`/g)]
        .map(([, path = '']) => path.replace(/\/$/, ''))
        .filter((path) => !paths.has(path))
        .map((path) => `${file.path} names ${path}, which is not there`),
    );
}

/** The files and the folders above them. */
function pathsOf(files: SourceFile[]): Set<string> {
  return new Set(
    files.flatMap(({ path }) => path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))),
  );
}
