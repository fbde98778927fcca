import { comparedTurns, RegistrySide, type Turn } from '../contest';
import type { Bench, Figure, Finding } from '../figure';
import { contests } from './contests';

/** The cheapest calls, whose rates a log line reduces the most. */
const MEASURED = ['heartbeat', 'cached-resolve'];

/** Measures rates with a log line for each request, relative to the same requests without it. */
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
        // Alternate, so that neither side is always first.
        if (round % 2 === 0) floors.push(await silent.side.run());
        turns.push(await telling.side.run());
        if (round % 2 === 1) floors.push(await silent.side.run());
        bench.log(`request-log, ${contest.name} ${round + 1}/${bench.rounds}: ${turns.at(-1)?.perSecond.toFixed(0)}`);
      }
      for (const side of [silent, telling]) await side.finish();
      const title = `${contest.title}, with a line of the log for each request`;
      const about = { figure: 'request-log', title, unit: 'requests/s' };
      findings.push(comparedTurns(about, turns, { name: 'no line', turns: floors }));
    }
    return findings;
  },
};
