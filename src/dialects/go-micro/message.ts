import { GO_MICRO_MESSAGE_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import type { Endpoint, Node, Result, Service, Value } from './wire';

const withoutValues = (value: Value | null): Value | null => value && { ...value, values: [] };

/** Returns an endpoint with its request and response, but without their members. */
export const withoutTypes = ({ name, request, response, metadata }: Endpoint): Endpoint => ({
  name,
  request: withoutValues(request),
  response: withoutValues(response),
  metadata,
});

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
