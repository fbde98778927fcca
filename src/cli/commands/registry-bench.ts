import type { Admin } from '../../client/admin';
import { type LoadOptions, type LoadResult, runLoad } from './load';

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

export interface BenchOptions extends Pick<LoadOptions, 'concurrency' | 'durationMs' | 'signal'> {
  /** Told how far each of its parts is, from 0 to 1. */
  progress: (name: string, share: number) => void;
}

/** What one kind of call came to. */
export interface BenchResult extends LoadResult {
  name: string;
}

/**
 * Registers, beats and resolves instances of one service that is nobody else's, and removes them, whatever happens.
 *
 * @param service A name that no service has.
 */
export async function benchRegistry(registry: Admin, service: string, options: BenchOptions): Promise<BenchResult[]> {
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
