import type { Counters } from '../../platform/counters';
import type { Platform } from '../../platform/platform';
import type { CommitPipeline } from '../../storage/commit-pipeline';
import type { Catalog } from '../records/catalog';
import type { Checkpoints } from '../records/checkpoints';
import type { LeaseTable } from '../records/lease-table';
import type { LeaseTerms } from '../records/lease-terms';
import type { LeaseHolder, SessionTable } from '../records/session-table';
import type { Agenda } from '../time/agenda';
import type { NamespaceTime } from '../time/namespace-time';
import type { Journal } from './journal';
import type { Publisher } from './publisher';
import type { Settings } from './settings';

/** The parts of a namespace that hold its records: in memory, and in storage. */
export interface StoredState {
  readonly platform: Platform;
  readonly time: NamespaceTime;
  readonly catalog: Catalog;
  readonly leases: LeaseTable<LeaseHolder>;
  readonly leaseTerms: LeaseTerms;
  readonly sessions: SessionTable;
  readonly agenda: Agenda;
  readonly journal: Journal;
  readonly pipeline: CommitPipeline;
  readonly checkpoints: Checkpoints;
  readonly counters: Counters;
  readonly settings: Settings;
}

/** The parts of a namespace that a commit changes, and the port through which it is published. */
export interface CommitState extends StoredState {
  readonly publisher: Publisher;
}
