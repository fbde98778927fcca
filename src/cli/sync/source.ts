import type { InstanceBody } from '../../client/admin/requests';
import { type ServiceName, serviceText } from '../terminal/option-values';

/** Mirrored members of an instance: its registration, without the lease, which is the mirror's own. */
type SourceBody = Omit<InstanceBody, 'ephemeral' | 'lease' | 'incarnation' | 'location'>;

/** An instance of another registry, in this registry's format. */
export interface SourceInstance {
  group: string;
  service: string;
  /** Id at the source; unique in its service. */
  id: string;
  body: SourceBody;
}

/** A registry to mirror. */
export interface Source {
  /** Name of the source, for people and for the marks of mirrored instances. Never contains a secret. */
  readonly name: string;
  /** Remark on the last read, for people; undefined if there is none. */
  readonly remark?: string | undefined;
  /** Reports whether a service is mirrored. */
  covers(service: ServiceName): boolean;
  /**
   * Reads all instances to mirror.
   *
   * @throws {CliError} If the source is unreachable, refuses, or returns an unexpected response.
   */
  read(signal?: AbortSignal): Promise<SourceInstance[]>;
  /**
   * Follows the source until the signal aborts, so that changes are seen before the next read is due. Absent if the source
   * can only be read again and again.
   *
   * @param onChange Called when a read would return something else.
   */
  follow?(onChange: () => void, signal: AbortSignal): void;
}

/** Reports whether a service is mirrored. */
export type ServiceFilter = (service: ServiceName) => boolean;

/**
 * Creates a filter from names, `orders` or `group@@orders`, each exact or with a trailing `*`.
 *
 * @param isSame Compares two names as the source does: Eureka ignores case.
 */
export function serviceFilter(
  patterns: readonly string[],
  isSame: (one: string, other: string) => boolean = (one, other) => one === other,
): ServiceFilter {
  if (patterns.length === 0) return () => true;
  return (service) => {
    const name = serviceText(service);
    return patterns.some((pattern) => {
      if (!pattern.endsWith('*')) return isSame(name, pattern);
      const stem = pattern.slice(0, -1);
      return isSame(name.slice(0, stem.length), stem);
    });
  };
}
