/** Difference up to which the clocks are taken to agree: the header has no fractions of a second, and was on its way. */
const AGREEMENT_MS = 2_000;

/** Mean of what the header omits. */
const FRACTION_MS = 500;

/** Time by which the registry's clock is ahead of the browser's. */
let aheadMs = 0;

/** Returns the time of the registry in milliseconds since the epoch: the browser's own clock may be wrong. */
export const registryNow = (): number => Date.now() + aheadMs;

/** Learns the time of the registry from a response. */
export function noteTime({ headers }: Pick<Response, 'headers'>): void {
  const ms = Date.parse(headers.get('date') ?? '') + FRACTION_MS - Date.now();
  if (!Number.isNaN(ms)) aheadMs = Math.abs(ms) > AGREEMENT_MS ? ms : 0;
}
