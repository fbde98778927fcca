/**
 * Entry point `rollcall/client/selectors`: the selectors, so that those who don't use them don't carry them. The default
 * one is among them, for those that choose with another one within.
 */
export { powerOfTwo } from './power-of-two';
export type { CallReport, PickContext, Selector } from './selector';
export { consistentHash } from './selectors/consistent-hash';
export { nearest, type Place } from './selectors/nearest';
export { random } from './selectors/random';
export { roundRobin } from './selectors/round-robin';
export { sticky } from './selectors/sticky';
export { subset } from './selectors/subset';
export { weightedRoundRobin } from './selectors/weighted-round-robin';
