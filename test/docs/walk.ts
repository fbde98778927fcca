import { spawnSync } from 'node:child_process';

/** One step of a walk: commands, and the response that the page shows. */
export interface Step {
  commands: string;
  /** Line of the page where the commands start. */
  line: number;
  /** The block after the commands; undefined if the page shows no response. */
  shown: { language: 'json' | 'text'; text: string } | undefined;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

/**
 * Reads the steps of a page: each block of `sh`, with the `json` or `text` block that follows it. Blocks of `bash` are
 * commands for the reader only: they install, start or deploy.
 */
export function readSteps(page: string): Step[] {
  const steps: Step[] = [];
  for (const match of page.matchAll(FENCE)) {
    const [, language, text = ''] = match;
    const last = steps.at(-1);
    if (language === 'sh') {
      steps.push({ commands: text, line: page.slice(0, match.index).split('\n').length, shown: undefined });
    } else if ((language === 'json' || language === 'text') && last !== undefined && last.shown === undefined) {
      last.shown = { language, text };
    }
  }
  return steps;
}

const BOUNDARY = '--- next step ---';

/** Runs steps one after the other in one shell, so that variables persist between them. Stops at the first failure. */
export function runSteps(
  steps: Step[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): { outputs: string[]; status: number | null; stderr: string } {
  const script = ['set -euo pipefail', ...steps.map((step) => `${step.commands}\necho; echo '${BOUNDARY}'`)].join('\n');
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 270_000,
  });
  return { outputs: stdout.split(`${BOUNDARY}\n`), status, stderr };
}

/** Values that differ from run to run, recognized by their shape: cursors, and times, also within a line. */
const VARYING = [/^"?c[\w-]{8,}"?$/];
const withoutTimes = (value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'a time') : value;

/**
 * Returns what a response lacks of what the page shows. A response may have more members; a list must have
 * the same number of entries. Times and cursors only need to be of the same kind.
 */
export function differences(shown: unknown, answered: unknown, path = '$'): string[] {
  if (typeof shown === 'object' && shown !== null) {
    if (typeof answered !== 'object' || answered === null || Array.isArray(shown) !== Array.isArray(answered)) {
      return [`${path}: ${JSON.stringify(answered)} instead of ${JSON.stringify(shown)}`];
    }
    if (Array.isArray(shown) && shown.length !== Object.keys(answered).length) {
      return [`${path}: ${Object.keys(answered).length} entries instead of ${shown.length}`];
    }
    const members = new Map<string, unknown>(Object.entries(answered));
    return Object.entries(shown).flatMap(([key, value]) => differences(value, members.get(key), `${path}.${key}`));
  }
  const alike = (pattern: RegExp) =>
    typeof shown === 'string' && typeof answered === 'string' && pattern.test(shown) && pattern.test(answered);
  if (withoutTimes(shown) === withoutTimes(answered) || VARYING.some(alike)) return [];
  return [`${path}: ${JSON.stringify(answered)} instead of ${JSON.stringify(shown)}`];
}
