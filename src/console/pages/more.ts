/** Pages that are loaded on demand, as one file: several would share little of what compression saves. */
export { Audit } from './audit';
export { Diff } from './diff';
export { Entries } from './entries';
export { History } from './history';
export { InstancePage as Instance } from './instance';
export { Service } from './service';
export { Settings } from './settings';
export { Tokens } from './tokens';
