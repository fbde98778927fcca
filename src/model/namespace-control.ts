import type { NamespaceSettings } from './namespace';

/**
 * What the directory tells a namespace. Nobody else may; each call may come twice.
 */
export interface NamespaceControl {
  /** Makes the namespace be, or changes its settings. Until then, and once erased, it knows no call: `NAMESPACE_NOT_FOUND`. */
  configure(settings: NamespaceSettings): Promise<void>;
  /** How much it holds, for people who are told why it is not deleted. */
  size(): Promise<{ instances: number; services: number }>;
  /**
   * Closes every socket and erases everything.
   *
   * @param options `onlyIfEmpty`: not where it holds an instance or a service by then; decided in one step with the end.
   * @returns Whether it is gone.
   */
  erase(options: { onlyIfEmpty: boolean }): Promise<boolean>;
  /** Closes the sockets of tokens that have ended, and ends no session early: leases run on from the last sign of life. */
  closeSocketsOf(tokenIds: readonly string[]): Promise<void>;
}
