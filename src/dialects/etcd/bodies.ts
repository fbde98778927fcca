import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { messageOfJson } from '../../codecs/etcd/json';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { readBodyText } from '../../http/request/body';
import { hasCode } from '../../model/errors';
import { ETCD_JSON_MAX_BYTES } from '../../model/limits';

/**
 * Reads the body of a request as a message, whatever its type; an empty one is an empty message.
 *
 * @throws {RegistryError} With etcd's text.
 */
export async function readMessage<Desc extends DescMessage>(
  request: Request,
  schema: Desc,
): Promise<MessageShape<Desc>> {
  return messageOfJson(schema, await readText(request));
}

/** Reads the body of a request as text. @throws {RegistryError} With etcd's text. */
export async function readText(request: Request): Promise<string> {
  try {
    return await readBodyText(request, ETCD_JSON_MAX_BYTES);
  } catch (error) {
    throw hasCode(error, 'PAYLOAD_TOO_LARGE') ? ETCD_ERRORS.requestTooLarge() : error;
  }
}
