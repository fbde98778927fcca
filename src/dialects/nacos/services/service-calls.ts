import { splitMetadata } from '../../../codecs/nacos/cluster-checker';
import { readMetadata } from '../../../codecs/nacos/metadata-text';
import { groupedName, illegal } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import { allServices } from '../../../http/dialect-calls/whole-lists';
import type { RouteCall } from '../../../http/pipeline/route-call';
import { parsed } from '../../../http/request/field-errors';
import { hasCode, type RegistryError } from '../../../model/errors';
import { isRecord, parseJson, readJsonText } from '../../../model/json';
import type { Metadata } from '../../../model/metadata';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import { type Selector, ServiceDefinition, type ServiceSummary, type ServiceView } from '../../../model/service';
import type { Call } from '../wire/answers';
import { namespaceOf, serviceOf } from '../wire/names';
import { Parameters } from '../wire/parameters';

/** A service that a request names. */
export interface ServiceNamed {
  namespace: string | undefined;
  service: ServiceKey;
}

/** Reads the service that a request of any version names. */
export function serviceNamedIn(request: Request, form: string): ServiceNamed {
  const parameters = Parameters.of(request, form);
  return { namespace: namespaceOf(parameters), service: serviceOf(parameters) };
}

const ASKED = {
  scope: 'operate',
  namespace: ({ namespace }: ServiceNamed) => namespace,
  target: ({ service }: ServiceNamed) => ({ service }),
} as const;

export const CREATE_SERVICE: Call<ServiceRequest, void> = {
  ...ASKED,
  method: 'post',
  summary: 'Creates a service, which remains after its last instance is removed',
  read: (request, _, form) => readService(Parameters.of(request, form), false),
  call: createService,
};

/** Update of a service since v2. In v1, the protect threshold is required. */
export const UPDATE_SERVICE: Call<ServiceRequest, void> = {
  ...ASKED,
  method: 'put',
  summary: 'Sets the definition of a service',
  read: (request, _, form) => readService(Parameters.of(request, form), false),
  call: updateService,
};

export const REMOVE_SERVICE: Call<ServiceNamed, void> = {
  ...ASKED,
  method: 'delete',
  summary: 'Removes a service without instances',
  read: (request, _, form) => serviceNamedIn(request, form),
  call: removeService,
};

/** A service in a request, and its definition. */
interface ServiceRequest {
  namespace: string | undefined;
  service: ServiceKey;
  definition: ServiceDefinition;
}

/** Types of selectors in Nacos. */
export const SELECTOR_TYPES = ['none', 'label'] as const;

/**
 * Reads the definition of a service in a request.
 *
 * @param isThreshold Whether the protect threshold is required.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readService(parameters: Parameters, isThreshold: boolean): ServiceRequest {
  const threshold = isThreshold ? parameters.required('protectThreshold') : parameters.text('protectThreshold');
  const metadata: Metadata = readMetadata(parameters.text('metadata'), 'SERVICE_METADATA_ERROR');
  const selector = selectorIn(parameters.text('selector'));
  const protectThreshold = thresholdIn(threshold);
  return {
    namespace: namespaceOf(parameters),
    service: serviceOf(parameters),
    definition: parsed(ServiceDefinition, { protectThreshold, metadata, ...(selector && { selector }) }, 'query'),
  };
}

function thresholdIn(text: string): number {
  const threshold = text === '' ? 0 : Number(text);
  if (threshold >= 0 && threshold <= 1) return threshold;
  throw illegal('protectThreshold', 'the value should be between 0 and 1.');
}

/** Reads a selector. Like Nacos it decodes twice, because clients may encode it once more than other parameters. */
function selectorIn(text: string): Selector | undefined {
  if (text === '') return undefined;
  let selector: unknown;
  try {
    selector = parseJson(text.startsWith('%') ? decodeURIComponent(text) : text);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof URIError)) throw error;
  }
  const type = isRecord(selector) ? SELECTOR_TYPES.find((known) => known === selector.type) : undefined;
  if (!isRecord(selector) || type === undefined) throw nacosError('SELECTOR_ERROR', 'not match any type of selector!');
  if (type === 'none') return undefined;
  const expression = selector.expression ?? '';
  if (typeof expression === 'string' && expression.length <= 1_024) return { type, expression };
  throw nacosError('SELECTOR_ERROR', 'the expression of the selector must be a string of at most 1024 characters');
}

/** Formats a selector for consoles. A label selector selects all instances, because there is no CMDB to query. */
export function shownSelector(selector: Selector | undefined): object {
  if (selector === undefined) return { type: 'none', contextType: 'NONE' };
  const { type, expression } = selector;
  return { type, contextType: type === 'label' ? 'CMDB' : 'NONE', expression };
}

/** Reads a service; undefined if it does not exist. */
export async function serviceIn(
  namespace: NamespaceApi,
  service: ServiceKey,
  tokenId: string,
): Promise<ServiceView | undefined> {
  try {
    const { body } = await namespace.readService({ ...service, tokenId });
    return body === null ? undefined : readJsonText(body);
  } catch (error) {
    if (hasCode(error, 'SERVICE_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** @throws {RegistryError} `INVALID_REQUEST`, with Nacos' code for a service that already exists. */
async function createService(
  namespace: NamespaceApi,
  { service, definition }: ServiceRequest,
  call: RouteCall,
): Promise<void> {
  const there = () => nacosError('SERVICE_ALREADY_EXIST', `specified service ${groupedName(service)} already exists!`);
  if ((await serviceIn(namespace, service, call.tokenId)) !== undefined) throw there();
  try {
    await namespace.putService(call.callerWithOrigin, { ...service, definition, precondition: { absent: true } });
  } catch (error) {
    throw hasCode(error, 'REVISION_MISMATCH') ? there() : error;
  }
}

/** @throws {RegistryError} `INVALID_REQUEST`, with Nacos' code for a service that does not exist. */
async function updateService(
  namespace: NamespaceApi,
  { service, definition }: ServiceRequest,
  call: RouteCall,
): Promise<void> {
  const view = await serviceIn(namespace, service, call.tokenId);
  if (view === undefined) throw missingService(service);
  // The checkers of its clusters have a call of their own.
  const metadata = { ...splitMetadata(definition.metadata).shown, ...splitMetadata(view.metadata).checkers };
  const complete = parsed(ServiceDefinition, { ...definition, metadata }, 'query');
  await namespace.putService(call.callerWithOrigin, { ...service, definition: complete, precondition: {} });
}

/** @throws {RegistryError} `INVALID_REQUEST`, with Nacos' code for a service that does not exist or is not empty. */
async function removeService(
  namespace: NamespaceApi,
  { service }: Pick<ServiceRequest, 'namespace' | 'service'>,
  call: RouteCall,
): Promise<void> {
  if ((await serviceIn(namespace, service, call.tokenId)) === undefined) throw missingService(service);
  try {
    await namespace.removeService(call.callerWithOrigin, { ...service, force: false, precondition: {} });
  } catch (error) {
    if (!hasCode(error, 'CONFLICT')) throw error;
    throw nacosError(
      'SERVICE_DELETE_FAILURE',
      `Service ${groupedName(service)} is not empty, can't be delete. Please unregister instance first`,
    );
  }
}

/** Returns Nacos' error for a service that does not exist. */
export const missingService = (service: ServiceKey): RegistryError =>
  nacosError('SERVICE_NOT_EXIST', `service ${groupedName(service)} not found!`);

/** Lists all services of a group, or of all groups. */
export async function servicesIn(
  namespace: NamespaceApi,
  group: string | undefined,
  tokenId: string,
): Promise<ServiceSummary[]> {
  return allServices(namespace, { group, tokenId });
}
