import type { NamespaceSettings } from './namespace';

/**
 * What the directory tells a namespace. Nobody else may; each call may come twice.
 */
export interface NamespaceControl {
  /** Makes the namespace be, or changes its settings. Until then, and once erased, it knows no call: `NAMESPACE_NOT_FOUND`. */
  configure(settings: NamespaceSettings): Promise<void>;
  /** How much it holds: what is deleted without force must hold nothing. */
  size(): Promise<{ instances: number; services: number }>;
  /** Closes every socket and erases everything. */
  erase(): Promise<void>;
  /** Closes the sockets of tokens that have ended, and ends no session early: leases run on from the last sign of life. */
  closeSocketsOf(tokenIds: readonly string[]): Promise<void>;
}
