import { type PlotRow, plotSvg } from './plot';
import { type FleetResult, percentile } from './run-fleet';
import { MODES, type Mode, runHealthy, runScenario, SELECTORS } from './scenario';

/** Simulated time of each run, after what is not counted. */
const REPORT_SECONDS = 120;

type Results = Readonly<Record<Mode, FleetResult>>;

const ms = (result: FleetResult, share: number): string => percentile(result, share).toFixed(0);
const percent = ({ errors }: FleetResult): string => (errors === 0 ? '0' : `${(errors * 100).toFixed(2)} %`);

const cells = (result: FleetResult): string[] => [
  ...[0.5, 0.99, 0.999].map((share) => ms(result, share)),
  percent(result),
];

function tableRow(name: string, { plain, ejecting, retrying }: Results): string {
  return `| ${[name, ...cells(plain), ...cells(ejecting), ...cells(retrying)].join(' | ')} |`;
}

function plotRow(name: string, results: Results): PlotRow {
  const modes = Object.keys(MODES) as Mode[]; // `as`: keys of a record are its names
  const bars = modes.map((mode) => ({
    p50: percentile(results[mode], 0.5),
    p99: percentile(results[mode], 0.99),
    p999: percentile(results[mode], 0.999),
  }));
  return { name, bars };
}

/** The page of what the simulation shows, and its plot. The same on every machine. */
export function balanceReport(seconds = REPORT_SECONDS): { page: string; svg: string } {
  const results = Object.entries(SELECTORS).map(([name, selector]): [string, Results] => [
    name,
    {
      plain: runScenario(selector, 'plain', seconds),
      ejecting: runScenario(selector, 'ejecting', seconds),
      retrying: runScenario(selector, 'retrying', seconds),
    },
  ]);
  const healthy = runHealthy(seconds);
  const svg = plotSvg(
    'Latency of calls to a fleet with slow and failing instances, by selector',
    ['selector alone', 'with ejection', 'with ejection and retries'],
    results.map(([name, result]) => plotRow(name, result)),
  );
  return { page: page(seconds, healthy, results), svg };
}

function page(seconds: number, healthy: FleetResult, results: readonly [string, Results][]): string {
  return `# How well it balances

What each [selector](resolve-and-balance.md#selectors) makes of a fleet in which some instances are slow and some fail. The
client's own code runs in it, in virtual time, against servers that are made up. \`npm run balance\` writes this page.

- **Fleet**: 20 instances with 4 workers each and a line before them. A call takes 10 ms in the median, 50 ms at worst in a thousand.
- **Two are slow**: their calls take 8 times as long. Their share of the calls is about all that they can do.
- **One is gone**: it refuses each call at once. **One has a bug**: half of its calls fail.
- **Callers**: 5 clients, 800 calls a second together, ${seconds} s, each for one of 10,000 keys; they wait for 1 s at most. Half of the
  instances are in their zone.

![Latency by selector](balancing.svg)

Lines reach from the median to the slowest call in a thousand; the dot is the slowest in a hundred. Milliseconds of calls that got
an answer, and the share of calls that failed:

| | alone: p50 | p99 | p99.9 | failed | with ejection: p50 | p99 | p99.9 | failed | and retries: p50 | p99 | p99.9 | failed |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
${results.map(([name, result]) => tableRow(name, result)).join('\n')}

If nobody were slow and nobody failed, random choice would have a p50 of ${ms(healthy, 0.5)}, a p99 of ${ms(healthy, 0.99)} and a p99.9 of ${ms(healthy, 0.999)} ms.

What to take from it:

- **Selectors that see latency keep away from what is slow**; all others send it a full share, and their slowest calls are
  those in its line. So \`powerOfTwo\` is the default, and \`subset\`, \`sticky\` and \`nearest\` use it within.
- **Ejection is about failures, not about slowness.** It takes out those who fail again and again, at most a tenth of the fleet. For
  selectors that don't see latency it can make the slowest calls slower, as the slow instances get a share of what the ejected ones had.
- **Retries hide the failures that are left**, and cost ${retriesOf(results)} more calls.
- \`consistentHash\` pays for its promise: a key whose instance is slow is slow. Take it where being at home matters more.
`;
}

/** How many more calls retries make, over all selectors. */
function retriesOf(results: readonly [string, Results][]): string {
  const shares = results.map(([, { retrying }]) => (retrying.attempts - 1) * 100);
  return `${Math.min(...shares).toFixed(1)} to ${Math.max(...shares).toFixed(1)} %`;
}
