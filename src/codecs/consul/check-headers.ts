import type { InstanceKey } from '../../model/batch';

/** Header with the name of the program that runs the checks which a request registers, or whose results it reports. */
export const RUNNER_HEADER = 'rollcall-check-runner';

/** Header with the instance that a program means, because ids of Consul are unique only for a token. */
export const INSTANCE_HEADER = 'rollcall-check-instance';

/** Formats the key of an instance for {@link INSTANCE_HEADER}. */
export const instanceHeader = ({ group, service, id }: InstanceKey): string =>
  [group, service, id].map(encodeURIComponent).join('/');

/** Parses a text of {@link instanceHeader}. @throws {URIError} if it is not percent-encoded. */
export function instanceInHeader(text: string): InstanceKey {
  const [group = '', service = '', id = ''] = text.split('/').map(decodeURIComponent);
  return { group, service, id };
}
