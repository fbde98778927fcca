import type { NamespaceControl } from '../../model/directory-api';
import type { Jurisdiction, Placement } from '../../model/namespace';
import type { Platform } from '../platform/platform';
import type { AuditLog } from './audit-log';
import type { DurableSteps } from './durable-steps';
import type { ErrandRows } from './errand-rows';
import type { NamespaceRows } from './namespace-rows';
import type { RedeemedRows } from './redeemed-rows';
import type { TicketRows, TokenRows } from './token-rows';

/** Everything that the directory uses of its host. */
export interface DirectoryPlatform
  extends Pick<Platform, 'storage' | 'clock' | 'random' | 'alarm' | 'abort' | 'log' | 'writeFault'> {
  /** The root token: tokens that replace its tickets end when it is changed. */
  rootToken: string | null | undefined;
  /**
   * `own`: the jurisdiction of the directory itself, if any. `matter`: false if all data is in one place, so that a
   * placement has no effect.
   */
  placements: { own: Jurisdiction | undefined; matter: boolean };
  /** Kinds of the layouts that its namespaces have; absent: none. */
  layoutKinds?: readonly string[] | undefined;
  /** Returns the control of a namespace, whether or not it exists. Called again for each delivery. */
  controlOf(id: string, placement: Placement | undefined): NamespaceControl;
}

/** State of an awake directory: its stored rows, and the steps that change them. */
export interface DirectoryState {
  readonly platform: DirectoryPlatform;
  readonly steps: DurableSteps;
  readonly namespaces: NamespaceRows;
  readonly tokens: TokenRows;
  readonly tickets: TicketRows;
  readonly redeemed: RedeemedRows;
  readonly audit: AuditLog;
  readonly errands: ErrandRows;
}
