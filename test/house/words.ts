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
