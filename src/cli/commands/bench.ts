import { randomBytes } from 'node:crypto';
import { connect } from '../connection/registry';
import { registryCommand } from '../connection/registry-command';
import { count, duration } from '../options/option-values';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { failureOf } from '../terminal/failure';
import { Progress } from '../terminal/progress';
import type { Cell } from '../terminal/table';
import { percentile } from './load';
import { type BenchResult, benchRegistry } from './registry-bench';

const DURATION_DEFAULT_MS = 3_000;
const CONCURRENCY_DEFAULT_COUNT = 16;
const NAME_CELLS = 'cleaning up'.length;

/** Figures of one kind of call, as programs get them. */
function figuresOf({ name, calls, errors, seconds, timesMs }: BenchResult) {
  return {
    call: name,
    calls,
    errors,
    perSecond: Math.round(calls / seconds),
    p50Ms: percentile(timesMs, 0.5),
    p90Ms: percentile(timesMs, 0.9),
    p99Ms: percentile(timesMs, 0.99),
  };
}

/** Times have their points below each other. */
const time = (ms: number): string => ms.toFixed(1).padStart('1000.0'.length);

function row({ call, calls, perSecond, p50Ms, p90Ms, p99Ms, errors }: ReturnType<typeof figuresOf>): Cell[] {
  const failed: Cell = errors === 0 ? 0 : { text: `${errors}`, tone: 'bad' };
  return [call, calls, perSecond, time(p50Ms), time(p90Ms), time(p99Ms), failed];
}

/** `rollcall bench`: a short load, on a service that nobody has. */
export function benchCommand() {
  return registryCommand('bench')
    .summary('measure a registry with a short load')
    .description(
      'Registers, beats and resolves instances of a service that it makes up, and removes them afterwards. It touches ' +
        'nothing else, but takes its share of the registry meanwhile.',
    )
    .option('--duration <duration>', 'how long each of the three takes (default 3s)', duration)
    .option('--concurrency <count>', 'calls under way at once (default 16)', count)
    .action(async (options) => {
      const { registry, print } = connect(options);
      const { duration: durationMs = DURATION_DEFAULT_MS, concurrency = CONCURRENCY_DEFAULT_COUNT } = options;
      const service = `rollcall-bench-${randomBytes(6).toString('hex')}`;
      const { instances } = await registry.listInstances({ service });
      if (instances.length > 0)
        throw new CliError(EXIT.conflict, `There is a service ${service} already.`, 'Try again.');

      const stop = new AbortController();
      const interrupt = () => stop.abort();
      process.once('SIGINT', interrupt);
      const bar = new Progress(print.err);
      const progress = (name: string, share: number) => bar.update(name.padEnd(NAME_CELLS), share);
      const results = await benchRegistry(registry, service, {
        durationMs,
        concurrency,
        signal: stop.signal,
        progress,
      }).finally(() => {
        bar.end();
        process.off('SIGINT', interrupt);
      });

      const figures = results.map(figuresOf);
      const titles = ['CALL', 'CALLS', 'PER SECOND', 'P50 MS', 'P90 MS', 'P99 MS', 'FAILED'];
      print.answer({ concurrency, calls: figures }, { titles, rows: figures.map(row) });
      const failed = results.find(({ errors }) => errors > 0);
      if (failed === undefined) return;
      const failure = failureOf(failed.firstError);
      if (failure === undefined) throw failed.firstError;
      throw new CliError(failure.exitCode, `A ${failed.name} failed: ${failure.message}`, failure.advice);
    });
}
