import { median, percentile, spread } from '../../statistics';
import { inTurns, type Row, spreads } from '../comparison';
import { type Crowd, fanOutTitle } from './calls';
import { type DoorContest, wholeServers } from './contest';

/** Measures how long a put takes to reach all watchers of its prefix. The watches of a connection share a stream. */
export async function doorFanOut(contest: DoorContest, crowd: Crowd): Promise<Row[]> {
  const { client, scale, log } = contest;
  const { watchers, connections } = crowd;
  // The client writes on a connection of its own.
  const options = { watchers, connections: connections + 1, count: scale.changes };
  const turns = await inTurns({ ...contest, contenders: wholeServers(contest) }, async ({ server }) => {
    const { result } = await client.measure<{ lastMs: number[] }>(server, 'fan-out', options);
    return result.lastMs;
  });
  const rounds = new Map([...turns].map(([name, taken]) => [name, taken.map((times) => median(times))]));
  const slowest = new Map([...turns].map(([name, taken]) => [name, spread([percentile(taken.flat(), 0.99)])]));
  const values = spreads(rounds);
  const title = fanOutTitle(crowd);
  log(`${title}: ${[...values].map(([name, each]) => `${name} ${each.median.toFixed(1)} ms`).join(', ')}`);
  return [
    { title, unit: 'ms', better: 'less', values, rounds },
    { title: `${title}: 99th percentile of all changes`, unit: 'ms', better: 'less', values: slowest },
  ];
}
