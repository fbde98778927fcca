/**
 * Entry point `rollcall/client/selectors`: the selectors, so that those who don't use them don't carry them. The default
 * one is among them, for those that choose with another one within.
 */

export { consistentHash, sticky, subset } from './resolve/hash-selectors';
export { nearest, type Place } from './resolve/nearest';
export { random, roundRobin, weightedRoundRobin } from './resolve/plain-selectors';
export { powerOfTwo } from './resolve/power-of-two';
export type { CallReport, PickContext, Selector } from './resolve/selector';
