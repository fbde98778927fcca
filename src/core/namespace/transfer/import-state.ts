import type { TurnState } from '../turn/turn-state';
import type { Imports } from './imports';

/** The parts of a namespace that an import passes through. */
export interface ImportState extends TurnState {
  readonly imports: Imports;
}
