import { type PlotRow, plotSvg } from './plot';
import { type FleetResult, percentile } from './run-fleet';
import { MODES, type Mode, runHealthy, runScenario, SELECTORS } from './scenario';

/** Simulated seconds of each run, without the warm-up. */
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

/** Returns the page of simulation results, and its plot. Both are the same on every machine. */
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

This page shows how each [selector](resolve-and-balance.md#selectors) performs on a fleet in which some instances are slow and some fail.
The client's real code runs in virtual time against simulated servers. \`npm run balance\` writes this page.

- **Fleet**: 20 instances with 4 workers and a queue each. A call takes 10 ms at the median and 50 ms at the 99.9th percentile.
- **Two are slow**: their calls take 8 times as long. An equal share of the calls is about all that they can handle.
- **One is down**: it refuses each call at once. **One has a bug**: half of its calls fail.
- **Callers**: 5 clients make 800 calls a second together for ${seconds} s, each for one of 10,000 keys, with a timeout of 1 s. Half of the
  instances are in their zone.

![Latency by selector](balancing.svg)

Each line goes from the median (p50) to p99.9, with a dot at p99. The table has the latency of calls that got a response, in
milliseconds, and the share of calls that failed:

| | alone: p50 | p99 | p99.9 | failed | with ejection: p50 | p99 | p99.9 | failed | and retries: p50 | p99 | p99.9 | failed |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
${results.map(([name, result]) => tableRow(name, result)).join('\n')}

With no slow and no failing instances, random choice has a p50 of ${ms(healthy, 0.5)}, a p99 of ${ms(healthy, 0.99)} and a p99.9 of ${ms(healthy, 0.999)} ms.

Conclusions:

- **Selectors that measure latency avoid slow instances.** The others send them a full share of the calls, and their slowest calls
  are the ones in those queues. So \`powerOfTwo\` is the default, and \`subset\`, \`sticky\` and \`nearest\` use it internally.
- **Ejection handles failures, not slowness.** It removes instances that fail repeatedly, at most a tenth of the fleet. With selectors
  that don't measure latency it can make the slowest calls slower, because the slow instances get a part of the ejected ones' calls.
- **Retries hide the remaining failures**, and cost ${retriesOf(results)} more calls.
- \`consistentHash\` has a price: if a key's instance is slow, its calls are slow. Use it where calls of one key must go to one instance.
`;
}

/** Formats the additional calls that retries make, over all selectors. */
function retriesOf(results: readonly [string, Results][]): string {
  const shares = results.map(([, { retrying }]) => (retrying.attempts - 1) * 100);
  return `${Math.min(...shares).toFixed(1)} to ${Math.max(...shares).toFixed(1)} %`;
}
