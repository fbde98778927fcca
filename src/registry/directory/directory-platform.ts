import type { Placement } from '../../model/namespace';
import type { NamespaceControl } from '../../model/namespace-control';
import type { Platform } from '../platform';

/** What a host lends to the directory. */
export interface DirectoryPlatform extends Pick<Platform, 'storage' | 'clock' | 'random' | 'alarm' | 'abort' | 'log'> {
  /** The way to a namespace, there or not. Asked for anew for each thing that it is told. */
  controlOf(id: string, placement: Placement | undefined): NamespaceControl;
}
