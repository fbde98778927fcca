import { WAIT_JITTER_PERCENT_COUNT } from '../../model/limits';

/** A time in milliseconds, cut short by up to a tenth at random: what began at once does not end at once. */
export function jittered(timeMs: number): number {
  return Math.round(timeMs * (1 - (Math.random() * WAIT_JITTER_PERCENT_COUNT) / 100));
}
