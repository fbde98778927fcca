import type { SourceFile } from './source-tree';

/** A promise, whose id is the letters of its chapter and a number: `I1`, `L3`, `KV2`. */
const PROMISE = /^- \*\*([A-Z]{1,2}\d+)\*\* /;
const QUOTED_IDS = /(?<=['"`])\[([A-Z]{1,2}\d+(?:, [A-Z]{1,2}\d+)*)\] /g;

export interface Spec {
  /** Ids that a test must quote. */
  promised: string[];
  /** Ids of features that are not built yet. They keep their numbers and need no test. */
  later: string[];
}

/** Parses the numbered promises. Those under the heading "Promised later" need no test yet. */
export function readSpec(text: string): Spec {
  const [due = '', later = ''] = text.split(/^## Promised later$/m);
  const idsIn = (part: string) => part.split('\n').flatMap((line) => PROMISE.exec(line)?.[1] ?? []);
  return { promised: idsIn(due), later: idsIn(later) };
}

/** Returns the ids at the start of test titles, `[L3] a holder ...` or `[I1, P4] ...`, with the files that quote them. */
export function quotedIds(files: SourceFile[]): Map<string, string[]> {
  const quoted = new Map<string, string[]>();
  for (const file of files) {
    if (!/\.ts$/.test(file.path) || !/(\.test|-suite)\.ts$|^test\/(contracts|simulation)\//.test(file.path)) continue;
    for (const match of file.text.matchAll(QUOTED_IDS)) {
      for (const id of (match[1] ?? '').split(', ')) quoted.set(id, [...(quoted.get(id) ?? []), file.path]);
    }
  }
  return quoted;
}

/** Checks rule 22: the title of a test quotes every promise, and every quoted id is a promise. */
export function specProblems(spec: Spec, quoted: ReadonlyMap<string, string[]>): string[] {
  const all = [...spec.promised, ...spec.later];
  return [
    ...all.filter((id, index) => all.indexOf(id) !== index).map((id) => `the spec gives ${id} twice`),
    ...spec.promised.filter((id) => !quoted.has(id)).map((id) => `no test quotes ${id}`),
    ...spec.later.filter((id) => quoted.has(id)).map((id) => `${id} is tested; it is no longer promised for later`),
    ...[...quoted].filter(([id]) => !all.includes(id)).map(([id, by]) => `${by[0]} quotes ${id}, which the spec lacks`),
  ];
}
