import { comparedTurns, RegistrySide, type Turn } from '../contest';
import type { Bench, Figure, Finding } from '../figure';
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
      const floors: Turn[] = [];
      const turns: Turn[] = [];
      for (let round = 0; round < bench.rounds; round++) {
        // Turns about, so that neither is always the one that comes first.
        if (round % 2 === 0) floors.push(await silent.side.run());
        turns.push(await telling.side.run());
        if (round % 2 === 1) floors.push(await silent.side.run());
        bench.say(`request-log, ${contest.name} ${round + 1}/${bench.rounds}: ${turns.at(-1)?.perSecond.toFixed(0)}`);
      }
      for (const side of [silent, telling]) await side.finish();
      const title = `${contest.title}, with a line of the log for each request`;
      const about = { figure: 'request-log', title, unit: 'requests/s' };
      findings.push(comparedTurns(about, turns, { name: 'no line', turns: floors }));
    }
    return findings;
  },
};
