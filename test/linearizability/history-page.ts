import type { StreamHistory } from '../watch/histories/stream-history';
import { callPicture } from './call-picture';
import type { Finding } from './check-history';
import { htmlText } from './html-text';
import type { History } from './operation';
import { type WatchProblem, watchPicture } from './watch-picture';

/** A history, and all problems that were found in it. */
export interface JudgedHistory {
  history: History;
  /** Descriptions of the problems. */
  problems: readonly string[];
  findings: readonly Finding[];
  watched: readonly StreamHistory[];
  watchProblems: readonly WatchProblem[];
}

/** Returns a page that shows the problems of a history. */
export function historyPage({ history, problems, findings, watched, watchProblems }: JudgedHistory): string {
  const title = `History of seed ${history.seed}`;
  return `<!doctype html>
<meta charset="utf-8">
<title>${title}</title>
<style>
  body { font: 14px system-ui, sans-serif; margin: 24px }
  svg { background: #fafafa; display: block; margin: 12px 0; max-width: 100% }
  svg text { font: 11px system-ui, sans-serif }
  .ordered { fill: #b7d4f0; stroke: #3b6ea5 } .guessed { fill: #f5e3a3; stroke: #a98400; stroke-dasharray: 4 2 }
  .stuck { fill: #f4a9a0; stroke: #b3261e; stroke-width: 2 } .later { fill: #e6e6e6; stroke: #999 }
  .outage { fill: #000; opacity: 0.08 } pre { white-space: pre-wrap; overflow-wrap: anywhere }
</style>
<h1>${title}</h1>
<p>Blue calls are in the longest order found, by number. Yellow ones had no answer, and are guessed to have happened.
Red: one of them had to come next, and none fits. Grey: not placed yet. Dark stripes: the registry was down or stood still.
Frames of watches are in the order in which they came; red are those that a problem names.</p>
<ul>
${problems.map((problem) => `<li>${htmlText(problem)}</li>`).join('\n')}
</ul>
${findings.map((finding) => callPicture(history, finding)).join('\n')}
${watchPicture(watched, watchProblems)}
`;
}
