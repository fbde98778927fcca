/**
 * Entry point `rollcall/client/selectors`: the selectors, separate so that other programs don't have to bundle them. It
 * includes the default one, for selectors that wrap another.
 */

export { consistentHash, sticky, subset } from './resolve/hash-selectors';
export { nearest, type Place } from './resolve/nearest';
export { random, roundRobin, weightedRoundRobin } from './resolve/plain-selectors';
export { powerOfTwo } from './resolve/power-of-two';
export type { CallReport, PickContext, Selector } from './resolve/selector';
