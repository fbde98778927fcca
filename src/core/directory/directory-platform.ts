import type { NamespaceControl } from '../../model/directory-api';
import type { Jurisdiction, Placement } from '../../model/namespace';
import type { Platform } from '../platform/platform';

/** What a host lends to the directory. */
export interface DirectoryPlatform extends Pick<Platform, 'storage' | 'clock' | 'random' | 'alarm' | 'abort' | 'log'> {
  /**
   * `own`: the jurisdiction that the directory itself lies in, if any. `matter`: false where there is one place for all
   * data, so that a placement has no effect.
   */
  placements: { own: Jurisdiction | undefined; matter: boolean };
  /** The way to a namespace, there or not. Asked for anew for each thing that it is told. */
  controlOf(id: string, placement: Placement | undefined): NamespaceControl;
}
