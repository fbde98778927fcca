import { withoutTypes } from '../../codecs/go-micro/kept';
import { decodedIfItCan } from '../../codecs/go-micro/node';
import { type Node, problemOf, Service } from '../../codecs/go-micro/service';
import { parsed } from '../../http/request/field-errors';
import { queryText } from '../../http/request/request-target';
import { RegistryError } from '../../model/errors';
import { GO_MICRO_MESSAGE_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';

/** An event for a watcher. The names are Go's, because the struct has no tags. */
export interface Result {
  Action: 'create' | 'update' | 'delete';
  Service: Service;
}

/**
 * Reads a service as a client sends it.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readService(value: unknown): Service {
  const problem = problemOf(value);
  if (problem !== undefined) throw new RegistryError('INVALID_REQUEST', problem);
  return parsed(Service, value, 'body');
}

const PARAMETER = 'service=';

/**
 * Returns the service that a request asks for; empty for all services.
 *
 * @param isWatch True: the client did not escape the name, so it extends to the end of the query, and a plus is a plus.
 */
export function requestedService(url: string, isWatch: boolean): string {
  const query = queryText(url);
  if (isWatch) return query.startsWith(PARAMETER) ? decodedIfItCan(query.slice(PARAMETER.length)) : '';
  const pair = query.split('&').find((each) => each.startsWith(PARAMETER)) ?? PARAMETER;
  return decodedIfItCan(pair.slice(PARAMETER.length).replaceAll('+', ' '));
}

const bare = ({ id, address }: Node): Node => ({ id, address, metadata: {} });

/** Steps that shorten a service until it fits. Nodes and their addresses are always kept. */
const REDUCTIONS: readonly ((service: Service) => Service)[] = [
  (service) => ({ ...service, endpoints: service.endpoints.map(withoutTypes) }),
  (service) => ({ ...service, endpoints: [] }),
  (service) => ({ ...service, metadata: {} }),
  (service) => ({ ...service, nodes: service.nodes.map(bare) }),
];

/**
 * Formats an event as the text of one message to a watcher. If that is longer than a client can read, data that it can read
 * in full over HTTP is omitted: types of endpoints first, then endpoints, then metadata.
 */
export function messageOf(result: Result): string {
  let service = result.Service;
  let text = JSON.stringify(result);
  for (const reduce of REDUCTIONS) {
    if (utf8Length(text) <= GO_MICRO_MESSAGE_MAX_BYTES) break;
    service = reduce(service);
    text = JSON.stringify({ ...result, Service: service });
  }
  return text;
}
