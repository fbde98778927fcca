import type { Platform } from '../../platform/platform';
import type { CommitPipeline } from '../../storage/commit-pipeline';
import type { Checkpoints } from '../records/checkpoints';
import type { RecordMemory } from '../records/record-kind';
import type { Journal } from './journal';
import type { Publisher } from './publisher';
import type { Settings } from './settings';

/** The parts of a namespace that hold its records: in memory, and in storage. */
export interface StoredState extends RecordMemory {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly pipeline: CommitPipeline;
  readonly checkpoints: Checkpoints;
  readonly settings: Settings;
}

/** The parts of a namespace that a commit changes, and the port through which it is published. */
export interface CommitState extends StoredState {
  readonly publisher: Publisher;
}
