import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { BROKEN_RULES } from './broken-rules';
import { powerLossRun } from './power-loss-run';

const USAGE = `usage: npm run power-loss -- [options]

Records the system calls of processes on a database file with strace, and opens every state that the disk may have after a
power loss: any subset of the sectors and names that were not flushed. No acknowledged or shown change may be missing.

  --images <n>   disk images for each story (default 5000)
  --seed <n>     determines the images (default: random, printed)
  --rules        break each rule in turn, and search for an image that shows the loss
  --runtime <c>  command that runs the recorded program, words separated by spaces (default: this Node)
  --help         show this help`;

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    rules: { type: 'boolean', default: false },
    runtime: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seed = Number(values.seed);
  const runtime = values.runtime === undefined ? {} : { runtime: values.runtime.split(' ') };
  const options = { seed, images: Number(values.images), ...runtime };
  if (!values.rules) {
    const { images, durable, problems } = await powerLossRun(options);
    for (const problem of problems) console.error(problem);
    console.log(`${images} power losses, ${durable} durable changes, ${problems.length} problems, seed ${seed}`);
    return problems.length === 0 ? 0 : 1;
  }
  let unnoticed = 0;
  for (const { name, story, planted } of BROKEN_RULES) {
    const { images, problems } = await powerLossRun({ ...options, stories: [story], planted, stopsEarly: true });
    if (problems.length === 0) unnoticed += 1;
    console.log(`${name}: ${problems[0] ?? `NOT NOTICED in ${images} images`}`);
  }
  return unnoticed === 0 ? 0 : 1;
}

process.exitCode = await main();
