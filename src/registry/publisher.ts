import type { JournaledChange } from './journal';
import type { ToldRevision } from './watch/watch-frames';

/** Who tells watchers of commits. */
export interface Publisher {
  /** Call with every commit as it is applied; call what it returns once the commit is durable. */
  prepare(told: ToldRevision, changes: readonly JournaledChange[]): () => void;
}
