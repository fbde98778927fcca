import { GO_MICRO_MESSAGE_MAX_BYTES } from '../../model/limits';
import { utf8Length } from '../../model/names';
import type { Endpoint, Node, Result, Service, Value } from './wire';

const withoutValues = (value: Value | null): Value | null => value && { ...value, values: [] };

/** An endpoint with the names of its request and response, and not what those are made of. */
export const withoutTypes = ({ name, request, response, metadata }: Endpoint): Endpoint => ({
  name,
  request: withoutValues(request),
  response: withoutValues(response),
  metadata,
});

const bare = ({ id, address }: Node): Node => ({ id, address, metadata: {} });

/** What a service may lose, step by step, until it fits; never its nodes and where they are. */
const REDUCTIONS: readonly ((service: Service) => Service)[] = [
  (service) => ({ ...service, endpoints: service.endpoints.map(withoutTypes) }),
  (service) => ({ ...service, endpoints: [] }),
  (service) => ({ ...service, metadata: {} }),
  (service) => ({ ...service, nodes: service.nodes.map(bare) }),
];

/**
 * What a watcher is told, as the text of one message. Where that is longer than a client reads, it goes without what can
 * be read in full over HTTP: types of endpoints first, then endpoints, then metadata.
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
