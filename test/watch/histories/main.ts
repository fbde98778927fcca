import { parseArgs } from 'node:util';
import { keepFinding } from '../../runner/keep-finding';
import { randomHistory } from './random-history';

const USAGE = `usage: npm run validate -- [--seed N] [--histories N] [--watch TEXT]

Generates --histories (default 30) random histories of writers and watchers with faults, with consecutive seeds from --seed
on (default 1), and checks each against the guarantees of a watch. A failure prints its seed, which reproduces the history;
--watch i7 adds every call that mentions i7 to its trace.`;

/** Events and problems of a wrong history to print; the file contains all of them. */
const SHOWN_COUNT = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '30' },
    watch: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const listed = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const first = Number(values.seed);
  const count = Number(values.histories);
  const started = performance.now();
  for (let seed = first; seed < first + count; seed++) {
    const { problems, trace, minutes, revisions, counts, streams, links, frames, entries, closings } =
      await randomHistory(seed, values.watch);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.error(
      `[${seconds} s] seed ${seed}: ${minutes.toFixed(0)} min, ${revisions} revisions, ${counts.crashes} crashes, ` +
        `${counts.hibernations} hibernations, ${streams} streams over ${links} sockets: ${listed(frames)}, ${entries} changes of entries; closed with ${listed(closings)}`,
    );
    if (problems.length === 0) continue;
    const found = problems.map(({ guarantee, what }) => `${guarantee}: ${what}`);
    console.log([...trace.split('\n').slice(-SHOWN_COUNT), ...found.slice(0, SHOWN_COUNT)].join('\n'));
    console.log(`\nall of it: ${keepFinding('validate', seed, [trace, ...found].join('\n'))}`);
    console.log(`${problems.length} problems; replay with: npm run validate -- --seed ${seed} --histories 1`);
    return 1;
  }
  console.log(`${count} histories, every guarantee held`);
  return 0;
}

process.exitCode = await main();
