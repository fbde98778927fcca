import type { NamespaceControl } from '../../model/directory-api';
import type { Jurisdiction, Placement } from '../../model/namespace';
import type { Platform } from '../platform/platform';
import type { AuditLog } from './audit-log';
import type { DurableSteps } from './durable-steps';
import type { ErrandRows } from './errand-rows';
import type { NamespaceRows } from './namespace-rows';
import type { TicketRows, TokenRows } from './token-rows';

/** What a host lends to the directory. */
export interface DirectoryPlatform
  extends Pick<Platform, 'storage' | 'clock' | 'random' | 'alarm' | 'abort' | 'log' | 'writeFault'> {
  /**
   * `own`: the jurisdiction that the directory itself lies in, if any. `matter`: false where there is one place for all
   * data, so that a placement has no effect.
   */
  placements: { own: Jurisdiction | undefined; matter: boolean };
  /** Returns the way to a namespace, there or not. Called anew for each errand. */
  controlOf(id: string, placement: Placement | undefined): NamespaceControl;
}

/** The directory, awake: what it keeps, and how that is changed. */
export interface DirectoryState {
  readonly platform: DirectoryPlatform;
  readonly steps: DurableSteps;
  readonly namespaces: NamespaceRows;
  readonly tokens: TokenRows;
  readonly tickets: TicketRows;
  readonly audit: AuditLog;
  readonly errands: ErrandRows;
}
