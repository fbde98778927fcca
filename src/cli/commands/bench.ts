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

/** Half of what a service may have: what is registered is beaten and resolved right after. */
const INSTANCES_MAX_COUNT = 5_000;

/** Operations of one batch. */
const BATCH_COUNT = 1_000;

/** As many as a caller of a middling service gets. */
const RESOLVED_COUNT = 20;

/** An address that is nobody's. Source: RFC 5737. */
const NOWHERE = '192.0.2.1';

/** Should this program be killed, what it registered is gone after so long. */
const TTL_MS = 60_000;

const idOf = (index: number): string => `bench-${index}`;

interface BenchOptions extends Pick<LoadOptions, 'concurrency' | 'durationMs' | 'signal'> {
  /** Told how far each of its parts is, from 0 to 1. */
  progress: (name: string, share: number) => void;
}

/** What one kind of call came to. */
interface BenchResult extends LoadResult {
  name: string;
}

/**
 * Registers, beats and resolves instances of one service that is nobody else's, and removes them, whatever happens.
 *
 * @param service A name that no service has.
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
    const body = { address: NOWHERE, port: 1 + index, metadata: { version: '1.0.0' }, lease: { ttlMs: TTL_MS } };
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

/** Removes what was registered. What is gone already is no mistake. */
async function remove(registry: Admin, service: string, many: number, progress: (share: number) => void) {
  for (let first = 0; first < many; first += BATCH_COUNT) {
    progress(first / many);
    const ids = Array.from({ length: Math.min(BATCH_COUNT, many - first) }, (_, index) => idOf(first + index));
    await registry.applyBatch({ body: { operations: ids.map((id) => ({ op: 'deregister', service, id })) } });
  }
}
