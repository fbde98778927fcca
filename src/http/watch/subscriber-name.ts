import { z } from 'zod';
import { SubscriberId } from '../../model/subscriber';
import { parsed } from '../request/field-errors';

/** Header in which a subscriber names itself, and is told the name that it was given. */
export const SUBSCRIBER_HEADER = 'Rollcall-Subscriber';

const NameHeader = z.object({ [SUBSCRIBER_HEADER]: SubscriberId });

/**
 * The name that a subscriber gives itself in a header; undefined where it gives none.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function subscriberName(headers: Headers): string | undefined {
  const name = headers.get(SUBSCRIBER_HEADER);
  if (name === null) return undefined;
  return parsed(NameHeader, { [SUBSCRIBER_HEADER]: name }, 'headers')[SUBSCRIBER_HEADER];
}
