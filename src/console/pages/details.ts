/** Pages about services and their past, which are loaded as one file. */
export { Diff } from './diff';
export { History } from './history';
export { InstancePage } from './instance';
export { Service } from './service';
