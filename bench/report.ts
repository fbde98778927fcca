import { type Finding, reached } from './figure';
import { HOME_TITLES, HOMES, type Home } from './program';
import type { Spread } from './statistics';

/** A finding and its home. */
export interface HomeFinding extends Finding {
  home: Home;
}

/** Environment and settings of the findings. */
export interface Setting {
  date: string;
  cores: number;
  processor: string;
  /** Load average of the last minute, before the bench began. */
  load: number;
  deno: string;
  node: string;
  workerd: string;
  rounds: number;
  seconds: number;
  /** Names of the figures that were not measured. */
  leftOut: readonly string[];
}

/** Formats a number with three significant digits, or with all digits of its integer part. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

function formatSpread({ median, least, most }: Spread, format: (value: number) => string = formatNumber): string {
  return least === most ? format(median) : `${format(median)} [${format(least)}..${format(most)}]`;
}

function formatGoal(finding: Finding): string {
  const { goal, unit } = finding;
  if (goal === undefined) return '';
  const of = goal.of === 'ratio' ? '' : ` ${unit}`;
  const limits = [
    goal.atLeast === undefined ? '' : `≥ ${formatNumber(goal.atLeast)}${of}`,
    goal.atMost === undefined ? '' : `≤ ${formatNumber(goal.atMost)}${of}`,
  ].join('');
  return `goal ${limits}: ${reached(finding) ? 'yes' : '**no**'}`;
}

/** Returns the cell of one home: the value, its ratio to the floor with the goal, and the processor time of a call. */
function formatCell(finding: Finding): string {
  const { value, unit, floor, ratio, processorUs, goal } = finding;
  const goalText = formatGoal(finding);
  const against =
    floor && ratio && `${formatSpread(ratio, (n) => n.toFixed(2))} × ${floor.name} (${formatSpread(floor.value)})`;
  const floorTime = floor?.processorUs === undefined ? '' : `, ${floor.name} ${formatNumber(floor.processorUs.median)}`;
  const lines = [
    `${formatSpread(value)} ${unit}${goal?.of === 'value' ? `, ${goalText}` : ''}`,
    against && `${against}${goal?.of === 'ratio' ? `, ${goalText}` : ''}`,
    processorUs && `${formatNumber(processorUs.median)} µs of processor${floorTime}`,
  ];
  return lines.filter((line) => line !== undefined).join('<br>');
}

/** Returns the findings as a table, with a row for each title and a column for each measured home. */
export function renderTable(findings: readonly HomeFinding[]): string {
  const homes = HOMES.filter((home) => findings.some((finding) => finding.home === home));
  const titles = [...new Set(findings.map(({ title }) => title))];
  const rows = titles.map((title) => {
    const cells = homes.map((home) => {
      const found = findings.find((finding) => finding.home === home && finding.title === title);
      return found === undefined ? '' : formatCell(found);
    });
    return `| ${[title, ...cells].join(' | ')} |`;
  });
  return [
    `| Figure | ${homes.map((home) => HOME_TITLES[home]).join(' | ')} |`,
    `| ---${' | ---'.repeat(homes.length)} |`,
    ...rows,
  ].join('\n');
}

/** Returns the notes of the figures, each note once. */
export function renderNotes(findings: readonly Finding[]): string {
  const notes = new Map<string, string[]>();
  for (const { title, note } of findings) {
    if (note !== undefined) notes.set(note, [...new Set([...(notes.get(note) ?? []), title])]);
  }
  return [...notes].map(([note, titles]) => `- ${titles.join('; ')}: ${note}.`).join('\n');
}

/** Returns the page `bench/RESULTS.md`. */
export function renderReport(setting: Setting, findings: readonly HomeFinding[]): string {
  const leftOut = setting.leftOut.length === 0 ? '' : `Not measured in this run: ${setting.leftOut.join(', ')}.\n`;
  return `# Benchmark results

Written by \`npm run bench\`, ${setting.date}, on ${setting.cores} cores (${setting.processor}, load ${setting.load.toFixed(2)} before), Deno ${setting.deno}, Node ${setting.node}, workerd ${setting.workerd}.
${setting.rounds} rounds of ${setting.seconds} s a side; 32 keep-alive connections and one \`wrk\` thread, unless the figure says otherwise.
Client and server share the machine, so absolute rates mean little: compare the ratio to the floor, which ran in the same
rounds with the same requests, and the processor time of a call. Values are medians, with minimum and maximum in brackets.
Floors of the resident host: *hello* is its listener with a constant response; *bare* is one process that writes the two rows
of a registration in groups, with the same flush. Floors of workerd: *hello* is a Worker that responds without an object;
*noop* calls an empty method of a Durable Object; *bare* is an object that writes the two rows.
${leftOut}
${renderTable(findings)}

${renderNotes(findings)}
`;
}
