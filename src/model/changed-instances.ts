import type { InstanceView } from './instance';

/** An instance that changed: as it is by the end of what is told, or as it last was where it is gone. */
export interface ChangedInstance {
  instance: InstanceView;
  isGone: boolean;
  /** True: it was not there before. */
  isNew: boolean;
  /** When it, or what an operator says of it, last changed; milliseconds since the epoch. */
  at: number;
}

/** Instances that changed since a moment, each once, in the order of their last changes. */
export interface ChangedInstances {
  instances: ChangedInstance[];
  /** Newest revision that is told of. */
  revision: number;
  /** The registry's time for people; milliseconds since the epoch. */
  now: number;
  /** True: there is more. Go on from the answer's cursor; only the last answer shows one moment. */
  more: boolean;
}
