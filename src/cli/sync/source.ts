import type { InstanceBody } from '../../client/admin/requests';
import { type ServiceName, serviceText } from '../terminal/option-values';

/** What a mirror takes over of an instance: all that it says of itself. The lease is the mirror's own. */
type SourceBody = Omit<InstanceBody, 'ephemeral' | 'lease' | 'incarnation' | 'location'>;

/** An instance as another registry has it, in the words of this one. */
export interface SourceInstance {
  group: string;
  service: string;
  /** As the source calls it; unique in its service. */
  id: string;
  body: SourceBody;
}

/** A registry that is mirrored. */
export interface Source {
  /** Which registry it is, for people and for the marks of what is written: never with a secret. */
  readonly name: string;
  /** Whether a service is among those that are mirrored. */
  covers(service: ServiceName): boolean;
  /**
   * All of its instances that are mirrored, as they are now.
   *
   * @throws {CliError} if it can't be reached, refuses, or answers what no such registry does.
   */
  read(signal?: AbortSignal): Promise<SourceInstance[]>;
}

/** Which services are mirrored: all of them, or those that are named. */
export type ServiceFilter = (service: ServiceName) => boolean;

/**
 * Services by their names, `orders` or `group@@orders`, each exact or with a `*` at its end.
 *
 * @param isSame Whether two names are the same to the source: Eureka does not know lower case.
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
