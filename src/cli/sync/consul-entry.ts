import { type CheckStatus, checkStatus } from '../../codecs/consul/check';
import { storedOutput } from '../../codecs/consul/check-result';
import type { KeptCheck } from '../../codecs/consul/kept';
import { registrationOf } from '../../codecs/consul/registration';
import { readNodeService, type ServiceDefinition } from '../../codecs/consul/service';
import { hasCode } from '../../model/errors';
import { splitName } from '../../model/service-name';
import type { SourceInstance } from './source';
import { asList, asObject, asText } from './source-json';

/** Ids of the checks of maintenance mode: of a node, and the prefix of that of a service. */
const NODE_MAINTENANCE = '_node_maintenance';
const SERVICE_MAINTENANCE = '_service_maintenance:';

/** Prefix of the id of a node's check that is copied to an instance on the node, because the copy has no such node. */
const NODE_CHECK = 'node:';

/** A check in a list of health. */
interface SourceCheck {
  id: string;
  name: string;
  notes: string;
  status: CheckStatus;
  output: string;
  isOfNode: boolean;
}

/**
 * Converts an entry of `health/service` in the same way as the registry's Consul dialect, so that Consul's clients find the
 * same node, id, tags, weights and checks; undefined for one that can't be called, and for proxies and gateways of the mesh,
 * which are of no use without it.
 *
 * The checks are only results, without definitions: none is run or reported here. An output is copied only while the check is not passing,
 * so that a changing text is no change.
 */
export function fromConsul(entry: unknown): SourceInstance | undefined {
  const { Node, Service, Checks } = asObject(entry);
  const { Node: node, Address } = asObject(Node);
  const [nodeName, nodeAddress] = [asText(node), asText(Address)];
  try {
    const service = readNodeService(Service);
    if (service.kind !== '' || nodeName === '') return undefined;
    const checks = asList(Checks).map(checkIn);
    const maintenance = checks.find(({ id }) => id === NODE_MAINTENANCE || id.startsWith(SERVICE_MAINTENANCE));
    const kept = checks.flatMap((check) => keptCheck(check) ?? []);
    const place = { node: nodeName, address: nodeAddress === '' ? undefined : nodeAddress, runner: undefined };
    const registration = registrationOf(
      withoutMesh(service),
      { checks: kept, maintenance: maintenance?.notes, copied: true },
      place,
    );
    const { address, port, url, ports, weight, status, tags, extensions } = registration;
    return {
      ...splitName(service.name),
      id: `${service.id}@${nodeName}`,
      body: {
        ...(registration.node !== undefined && { node: registration.node }),
        address,
        ...(port === undefined ? { url } : { port }),
        ...(ports !== undefined && { ports }),
        weight,
        // The time of a result is not known, so that a critical check counts as reported.
        status: status === 'starting' ? 'down' : status,
        metadata: service.meta,
        tags,
        extensions,
      },
    };
  } catch (error) {
    if (hasCode(error, 'INVALID_REQUEST')) return undefined;
    throw error;
  }
}

/** Returns a service without members of the mesh, which have a value in every list. */
const withoutMesh = (service: ServiceDefinition): ServiceDefinition => ({
  ...service,
  proxy: undefined,
  connect: undefined,
});

function checkIn(value: unknown): SourceCheck {
  const { CheckID, Name, Notes, Status, Output, ServiceID } = asObject(value);
  return {
    id: asText(CheckID),
    name: asText(Name),
    notes: asText(Notes),
    status: checkStatus(asText(Status)) ?? 'critical',
    output: asText(Output),
    isOfNode: asText(ServiceID) === '',
  };
}

/** Returns a check to store; undefined for one that the registry shows by itself. */
function keptCheck({ id, name, notes, status, output, isOfNode }: SourceCheck): KeptCheck | undefined {
  const isMaintenance = id === NODE_MAINTENANCE || id.startsWith(SERVICE_MAINTENANCE);
  if (id === '' || isMaintenance || (isOfNode && status === 'passing')) return undefined;
  return {
    id: isOfNode ? `${NODE_CHECK}${id}` : id,
    name,
    notes,
    status,
    output: status === 'passing' ? '' : storedOutput(output),
    at: 0,
    definition: undefined,
  };
}
