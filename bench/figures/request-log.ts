import { RegistrySide } from '../contest';
import type { Bench, Figure, Finding } from '../figure';
import { ratios, spread } from '../statistics';
import { contests } from './contests';

/** The cheapest calls that there are: what a line of the log costs, it costs them most. */
const MEASURED = ['heartbeat', 'cached-resolve'];

/** Rates with a line for each request, over rates without any, on the same requests and in the same rounds. */
export const requestLog: Figure = {
  name: 'request-log',
  async measure(bench: Bench): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const contest of contests.filter(({ name }) => MEASURED.includes(name))) {
      const start = (level: string) => RegistrySide.start(bench, contest, { env: { ROLLCALL_LOG_LEVEL: level } });
      const [silent, telling] = [await start('off'), await start('info')];
      const floors: number[] = [];
      const rates: number[] = [];
      for (let round = 0; round < bench.rounds; round++) {
        // Turns about, so that neither is always the one that comes first.
        if (round % 2 === 0) floors.push(await silent.side.run());
        rates.push(await telling.side.run());
        if (round % 2 === 1) floors.push(await silent.side.run());
        bench.say(`request-log, ${contest.name} ${round + 1}/${bench.rounds}: ${rates.at(-1)?.toFixed(0)}`);
      }
      for (const side of [silent, telling]) await side.finish();
      findings.push({
        figure: 'request-log',
        title: `${contest.title}, with a line of the log for each request`,
        unit: 'requests/s',
        value: spread(rates),
        floor: { name: 'no line', value: spread(floors) },
        ratio: spread(ratios(rates, floors)),
      });
    }
    return findings;
  },
};
