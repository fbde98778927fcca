import type { BenchServer } from './bench-server';
import { NAMESPACE_PATH, servicePath } from './population';
import { referenceInstance } from './reference-instance';

export const LISTED_COUNT = 1_000;
const SERVICE = 'listed';

/** Path of the list that the list figures read. */
export const LISTED_PATH = `${servicePath(SERVICE)}/instances`;

/** Returns the request that registers instance `n` of that service. Another generation is a change. */
export function listedRegistration(n: number, generation: number): { path: string; body: string } {
  const body = JSON.stringify(referenceInstance(n, { longLease: true, generation }));
  return { path: `${LISTED_PATH}/listed-${n}`, body };
}

/** Registers a thousand instances of one service. */
export async function registerListed(registry: BenchServer): Promise<void> {
  const operations = Array.from({ length: LISTED_COUNT }, (_, n) => {
    return { op: 'register', service: SERVICE, id: `listed-${n}`, ...referenceInstance(n, { longLease: true }) };
  });
  await registry.must('POST', `${NAMESPACE_PATH}/batch`, JSON.stringify({ operations }));
}
