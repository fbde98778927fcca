/**
 * Entry point `rollcall/client/selectors`: the selectors beside the default one, so that those who don't use them don't
 * carry them.
 */
export { consistentHash } from './selectors/consistent-hash';
export { nearest, type Place } from './selectors/nearest';
export { random } from './selectors/random';
export { roundRobin } from './selectors/round-robin';
export { sticky } from './selectors/sticky';
export { subset } from './selectors/subset';
export { weightedRoundRobin } from './selectors/weighted-round-robin';
