import { cpus } from 'node:os';
import { ratios, spread } from '../statistics';
import type { Row } from './comparison';
import { GOALS, type RatioGoal } from './goals';
import type { Peer } from './peer';

/** Settings and environment of a run. */
export interface PeersSetting {
  date: string;
  node: string;
  load: number;
  rounds: number;
  seconds: number;
}

/** Returns a number with as many digits as the report shows. */
export const digits = (value: number): string => {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
};

/** Returns one line of the table, with the best value in bold. */
function line({ title, unit, better, values, note }: Row, names: readonly string[], notes: string[]): string {
  const medians = names.flatMap((name) => values.get(name)?.median ?? []);
  const best = better === 'more' ? Math.max(...medians) : Math.min(...medians);
  const cells = names.map((name) => {
    const value = values.get(name);
    if (value === undefined) return '';
    const middle = value.median === best ? `**${digits(value.median)}**` : digits(value.median);
    const isOne = value.least === value.most;
    return isOne ? middle : `${middle} [${digits(value.least)}..${digits(value.most)}]`;
  });
  if (note !== undefined) notes.push(`- ${title}: ${note}.`);
  return `| ${title} (${unit}) | ${cells.join(' | ')} |`;
}

/** Returns the row of a goal with the result of the run; undefined if one of the two peers was not measured. */
function goalLine({ title, row, peer, of, atLeast, atMost }: RatioGoal, rows: readonly Row[]): string | undefined {
  const rounds = rows.find((each) => each.title === row)?.rounds;
  const [own, others] = [rounds?.get(peer), rounds?.get(of)];
  if (own === undefined || others === undefined) return undefined;
  const { median, least, most } = spread(ratios(own, others));
  const isReached = median >= (atLeast ?? 0) && median <= (atMost ?? Number.POSITIVE_INFINITY);
  const range = `${median.toFixed(2)} [${least.toFixed(2)}..${most.toFixed(2)}]`;
  if (atLeast === undefined && atMost === undefined) return `| ${title} | ${peer} / ${of} | ${range} | | |`;
  const limit = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return `| ${title} | ${peer} / ${of} | ${range} | ${limit} | ${isReached ? 'yes' : '**no**'} |`;
}

/** Returns the goals as a table: the ratios of each round and their median. */
export function goalTable(goals: readonly RatioGoal[], rows: readonly Row[]): string {
  const lines = goals.flatMap((goal) => goalLine(goal, rows) ?? []);
  return ['| Goal | Of | Ratio | Limit | Reached |', '|---|---|---|---|---|', ...lines].join('\n');
}

/** Returns the rows as a table, followed by their notes. */
export function figureTable(names: readonly string[], rows: readonly Row[]): string {
  const notes: string[] = [];
  const table = [
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---').join('|')}|`,
    ...rows.map((row) => line(row, names, notes)),
  ];
  return [...table, '', ...notes].join('\n');
}

/** Returns the report as Markdown: the settings, the rows, and the meaning of each operation at each peer. */
export function renderPeers(peers: readonly Peer[], rows: readonly Row[], how: PeersSetting, reading: string): string {
  const names = peers.map(({ name }) => name);
  const means = (what: keyof Peer['means']) =>
    `| ${what === 'stale' ? 'stale read' : what} | ${peers.map((peer) => peer.means[what]).join(' | ')} |`;
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  return `# Rollcall and its peers

Written by \`npm run bench:peers\`, ${how.date}, on ${cpus().length} cores (${processor}, load ${how.load.toFixed(2)} before), Node ${how.node}.
All servers run at the same time on one machine, each with its own folder on the same disk, and each as a single server that
syncs to the disk before it responds to a registration. They are loaded in turns, over 32 connections each: \`wrk\` sends HTTP
requests, and the benchmark's own client all others. That client is slower than some servers, so rates over HTTP can't be
compared with other rates; processor times can. ${how.rounds} rounds of ${how.seconds} s each. Values are medians, with minimum and maximum in brackets; the best is bold.

| | ${names.join(' | ')} |
|---|${names.map(() => '---').join('|')}|
| version | ${peers.map((peer) => peer.version()).join(' | ')} |
| transport | ${peers.map((peer) => peer.transport).join(' | ')} |
${(['register', 'beat', 'read', 'stale', 'watch'] as const).map(means).join('\n')}

## Figures

${figureTable(names, rows)}

## Goals

Ratios are computed for each round; their median decides.

${goalTable(GOALS, rows)}

${reading.trim()}
`;
}
