import type { CheckUpdate } from './check';
import type { KeptCheck } from './kept';

/** Bytes of an output that the registry stores. Consul keeps 4,096, but all data of an instance is small here. */
const STORED_OUTPUT_BYTES = 512;

/** Least time between two changes of an output alone, in milliseconds: each is a revision, which wakes readers. */
const OUTPUT_EVERY_MS = 5 * 60_000;

/** Shortens an output to what the registry stores, with a remark as Consul's. */
export function storedOutput(output: string): string {
  const bytes = new TextEncoder().encode(output);
  if (bytes.length <= STORED_OUTPUT_BYTES) return output.toWellFormed();
  // The first bytes of a character that is cut decode to a replacement character.
  const kept = new TextDecoder().decode(bytes.subarray(0, STORED_OUTPUT_BYTES)).replace(/\uFFFD+$/, '');
  return `${kept} ... (captured ${STORED_OUTPUT_BYTES} of ${bytes.length} bytes)`;
}

/**
 * Reports whether a result needs to be stored: if the status differs, it is the first critical one, or the output differs and
 * was not stored recently.
 *
 * @param now Milliseconds since the epoch.
 */
export function differs(check: Pick<KeptCheck, 'status' | 'output' | 'at'>, result: CheckUpdate, now: number): boolean {
  if (check.status !== result.status) return true;
  // Until its first result, a critical check is starting, not down.
  if (check.at === 0 && check.status === 'critical') return true;
  return check.output !== storedOutput(result.output) && now - check.at >= OUTPUT_EVERY_MS;
}

/** Returns a check after a result. @param now Milliseconds since the epoch. */
export const withResult = (check: KeptCheck, { status, output }: CheckUpdate, now: number): KeptCheck => ({
  ...check,
  status,
  output: storedOutput(output),
  at: Math.max(1, now),
});
