/** Pages about access and settings, which are loaded as one file. */
export { Audit } from './audit';
export { Settings } from './settings';
export { Tokens } from './tokens';
