import { type Finding, reached } from './figure';
import type { Spread } from './statistics';

/** What the findings were made on, and how. */
export interface Setting {
  date: string;
  cores: number;
  processor: string;
  /** Load average of the last minute, before the bench began. */
  load: number;
  node: string;
  workerd: string;
  rounds: number;
  seconds: number;
  /** Names of the figures that were not measured. */
  leftOut: readonly string[];
}

/** A number with three digits that matter, or all of its whole ones. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

function formatSpread({ median, least, most }: Spread, format: (value: number) => string = formatNumber): string {
  return least === most ? format(median) : `${format(median)} [${format(least)}..${format(most)}]`;
}

function formatGoal({ goal, unit, floor }: Finding): string {
  if (goal === undefined) return '';
  const of = goal.of === 'ratio' ? ` × ${floor?.name ?? ''}` : ` ${unit}`;
  return [
    goal.atLeast === undefined ? '' : `≥ ${formatNumber(goal.atLeast)}${of}`,
    goal.atMost === undefined ? '' : `≤ ${formatNumber(goal.atMost)}${of}`,
  ].join('');
}

function formatRow(finding: Finding): string {
  const { title, value, unit, floor, ratio } = finding;
  const verdict = reached(finding);
  const cells = [
    title,
    `${formatSpread(value)} ${unit}`,
    floor === undefined ? '' : `${floor.name}: ${formatSpread(floor.value)}`,
    ratio === undefined ? '' : formatSpread(ratio, (number) => number.toFixed(2)),
    formatGoal(finding),
    verdict === undefined ? '' : verdict ? 'yes' : '**no**',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The findings as a table, one line each. */
export function renderTable(findings: readonly Finding[]): string {
  return [
    '| Figure | Value | Floor | Ratio | Goal | Reached |',
    '| --- | --- | --- | --- | --- | --- |',
    ...findings.map(formatRow),
  ].join('\n');
}

/** What has to be known about some figures, each note once. */
function renderNotes(findings: readonly Finding[]): string {
  const notes = new Map<string, string[]>();
  for (const { title, note } of findings) {
    if (note !== undefined) notes.set(note, [...(notes.get(note) ?? []), title]);
  }
  return [...notes].map(([note, titles]) => `- ${titles.join('; ')}: ${note}.`).join('\n');
}

/** The page `bench/RESULTS.md`. */
export function renderReport(setting: Setting, findings: readonly Finding[]): string {
  const leftOut = setting.leftOut.length === 0 ? '' : `Not measured in this run: ${setting.leftOut.join(', ')}.\n`;
  return `# Results of the bench

Made by \`npm run bench\`, ${setting.date}, on ${setting.cores} cores (${setting.processor}, load ${setting.load.toFixed(2)} before), Node ${setting.node}, workerd ${setting.workerd}.
${setting.rounds} rounds of ${setting.seconds} s a side; 32 keep-alive connections and one \`wrk\` thread, unless the figure says otherwise.
Client and server share the machine, so that rates say little by themselves: what counts is the ratio to the floor that
ran in the same rounds on the same requests. Values are medians, with the least and the most in brackets. The
floors: *hello* is a Worker that answers without an object; *noop* calls an empty method of a Durable Object; *bare* is an
object that writes the two rows of a registration with grouped commits, and does nothing else.
${leftOut}
${renderTable(findings)}

${renderNotes(findings)}
`;
}
