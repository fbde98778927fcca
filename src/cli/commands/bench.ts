import { randomBytes } from 'node:crypto';
import type { Admin } from '../../client/admin';
import { connect, registryCommand } from '../connection/registry';
import { CliError, EXIT, failureOf } from '../terminal/failure';
import { count, duration } from '../terminal/option-values';
import { Progress } from '../terminal/progress';
import type { Cell } from '../terminal/table';
import { type LoadOptions, type LoadResult, percentile, runLoad } from './load';

const DURATION_DEFAULT_MS = 3_000;
const CONCURRENCY_DEFAULT_COUNT = 16;
const NAME_CELLS = 'cleaning up'.length;

/** Returns the figures of one kind of call, for JSON output. */
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

/** Formats a time so that decimal points align. */
const time = (ms: number): string => ms.toFixed(1).padStart('1000.0'.length);

function row({ call, calls, perSecond, p50Ms, p90Ms, p99Ms, errors }: ReturnType<typeof figuresOf>): Cell[] {
  const failed: Cell = errors === 0 ? 0 : { text: `${errors}`, tone: 'bad' };
  return [call, calls, perSecond, time(p50Ms), time(p90Ms), time(p99Ms), failed];
}

/** `rollcall bench`: runs a short load on a temporary service. */
export function benchCommand() {
  return registryCommand('bench')
    .summary('measure a registry with a short load')
    .description(
      'Registers, renews and resolves instances of a temporary service, and removes them afterwards. It touches nothing ' +
        'else, but adds load to the registry while it runs.',
    )
    .option('--duration <duration>', 'how long to run each of the three kinds of calls (default 3s)', duration)
    .option('--concurrency <count>', 'concurrent calls (default 16)', count)
    .action(async (options) => {
      const { registry, print } = connect(options);
      const { duration: durationMs = DURATION_DEFAULT_MS, concurrency = CONCURRENCY_DEFAULT_COUNT } = options;
      const service = `rollcall-bench-${randomBytes(6).toString('hex')}`;
      const { instances } = await registry.listInstances({ service });
      if (instances.length > 0) throw new CliError(EXIT.conflict, `Service ${service} already exists.`, 'Try again.');

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

/** Half of the limit of a service. */
const INSTANCES_MAX_COUNT = 5_000;

/** Operations per batch. */
const BATCH_COUNT = 1_000;

/** Number of instances in each resolve, as in a typical service. */
const RESOLVED_COUNT = 20;

/** An address reserved for documentation. Source: RFC 5737. */
const TEST_ADDRESS = '192.0.2.1';

/** Lifetime of the instances if this program is killed. */
const TTL_MS = 60_000;

const idOf = (index: number): string => `bench-${index}`;

interface BenchOptions extends Pick<LoadOptions, 'concurrency' | 'durationMs' | 'signal'> {
  /** Called with the progress of each part, from 0 to 1. */
  progress: (name: string, share: number) => void;
}

/** The result of one kind of call. */
interface BenchResult extends LoadResult {
  name: string;
}

/**
 * Registers, renews and resolves instances of a temporary service, and always removes them.
 *
 * @param service Name that no existing service has.
 */
async function benchRegistry(registry: Admin, service: string, options: BenchOptions): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  const measure = async (name: string, load: Pick<LoadOptions, 'call' | 'mostCalls'>): Promise<BenchResult> => {
    const progress = (share: number) => options.progress(name, share);
    const result = { ...(await runLoad({ ...options, ...load, progress })), name };
    results.push(result);
    return result;
  };

  const register = (index: number) => {
    const body = { address: TEST_ADDRESS, port: 1 + index, metadata: { version: '1.0.0' }, lease: { ttlMs: TTL_MS } };
    return registry.registerInstance({ service, id: idOf(index), body });
  };
  const { calls, errors } = await measure('register', { call: register, mostCalls: INSTANCES_MAX_COUNT });
  try {
    if (calls > 0) {
      await measure('heartbeat', { call: (index) => registry.renewLease({ service, id: idOf(index % calls) }) });
      await measure('resolve', { call: () => registry.resolveService({ service, limit: RESOLVED_COUNT }) });
    }
  } finally {
    await remove(registry, service, calls + errors, (share) => options.progress('cleaning up', share));
  }
  return results;
}

/** Removes the registered instances, ignoring those that are already gone. */
async function remove(registry: Admin, service: string, many: number, progress: (share: number) => void) {
  for (let first = 0; first < many; first += BATCH_COUNT) {
    progress(first / many);
    const ids = Array.from({ length: Math.min(BATCH_COUNT, many - first) }, (_, index) => idOf(first + index));
    await registry.applyBatch({ body: { operations: ids.map((id) => ({ op: 'deregister', service, id })) } });
  }
}
