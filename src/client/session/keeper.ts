import type { Holding } from './holding';

/** Keeps instances registered, in one way or the other. */
export interface Keeper {
  /** Takes in an instance, and tells the registry of it, now and for as long as it is kept. */
  keep(holding: Holding): void;
  /** What is wanted of an instance has changed. */
  changed(holding: Holding): void;
  /** Lets go of an instance, without a word to the registry. */
  drop(holding: Holding): void;
}
