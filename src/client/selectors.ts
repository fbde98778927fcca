/**
 * Entry point `rollcall/client/selectors`: the selectors, so that those who don't use them don't carry them. The default
 * one is among them, for those that choose with another one within.
 */
export { powerOfTwo } from './resolve/power-of-two';
export type { CallReport, PickContext, Selector } from './resolve/selector';
export { consistentHash } from './resolve/selectors/consistent-hash';
export { nearest, type Place } from './resolve/selectors/nearest';
export { random } from './resolve/selectors/random';
export { roundRobin } from './resolve/selectors/round-robin';
export { sticky } from './resolve/selectors/sticky';
export { subset } from './resolve/selectors/subset';
export { weightedRoundRobin } from './resolve/selectors/weighted-round-robin';
