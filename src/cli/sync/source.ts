import type { InstanceBody } from '../../client/admin/requests';
import type { ServiceName } from '../options/option-values';

/** What a mirror takes over of an instance: all that it says of itself. The lease is the mirror's own. */
export type SourceBody = Omit<InstanceBody, 'ephemeral' | 'lease' | 'incarnation' | 'location'>;

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
