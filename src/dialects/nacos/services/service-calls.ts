import { allServices } from '../../../http/dialect-calls/whole-lists';
import type { RouteCall } from '../../../http/pipeline/route-call';
import { parsed } from '../../../http/request/field-errors';
import { hasCode, type RegistryError } from '../../../model/errors';
import { isRecord, parseJson, readJsonText } from '../../../model/json';
import type { Metadata } from '../../../model/metadata';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import { type Selector, ServiceDefinition, type ServiceSummary, type ServiceView } from '../../../model/service';
import type { Call } from '../wire/answers';
import { readMetadata } from '../wire/metadata-text';
import { clusterNamed, groupedName, illegal, namespaceOf, serviceOf } from '../wire/names';
import { Parameters } from '../wire/parameters';
import { nacosError } from '../wire/refusals';

/** A service that a request names. */
export interface ServiceNamed {
  namespace: string | undefined;
  service: ServiceKey;
}

/** The service that a request of any version names. */
export function serviceNamedIn(request: Request, form: string): ServiceNamed {
  const parameters = Parameters.of(request, form);
  return { namespace: namespaceOf(parameters), service: serviceOf(parameters) };
}

const ASKED = {
  scope: 'operate',
  namespace: ({ namespace }: ServiceNamed) => namespace,
  target: ({ service }: ServiceNamed) => ({ service }),
} as const;

export const CREATE_SERVICE: Call<ServiceAsked, void> = {
  ...ASKED,
  method: 'post',
  summary: 'Creates a service, which stays when its last instance goes',
  read: (request, _, form) => readService(Parameters.of(request, form), false),
  call: createService,
};

/** Since v2; v1 wants to be told the protect threshold. */
export const UPDATE_SERVICE: Call<ServiceAsked, void> = {
  ...ASKED,
  method: 'put',
  summary: 'Sets what a service has of its own',
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

/** Settings of health checks, of which there are none. */
export const UPDATE_CLUSTER: Call<ServiceNamed, void> = {
  ...ASKED,
  method: 'put',
  summary: 'Takes settings of health checks, of which there are none',
  read: (request, _, form) => {
    clusterNamed(Parameters.of(request, form).required('clusterName'));
    return serviceNamedIn(request, form);
  },
  call: async (namespace, { service }, { tokenId }) => {
    if ((await serviceIn(namespace, service, tokenId)) === undefined) throw missingService(service);
  },
};

/** A service, and what it is to have of its own. */
interface ServiceAsked {
  namespace: string | undefined;
  service: ServiceKey;
  definition: ServiceDefinition;
}

/** What Nacos calls its selectors' kinds. */
export const SELECTOR_TYPES = ['none', 'label'] as const;

/**
 * Reads what a request says of a service.
 *
 * @param isThreshold Whether the protect threshold has to be said.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readService(parameters: Parameters, isThreshold: boolean): ServiceAsked {
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

/** Nacos decodes it twice: clients may have encoded it once more than everything else. */
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
  throw nacosError('SELECTOR_ERROR', 'the expression of the selector is no text of at most 1024 characters');
}

/** A selector as consoles show it. A label selector selects all: there is no CMDB to ask. */
export function shownSelector(selector: Selector | undefined): object {
  if (selector === undefined) return { type: 'none', contextType: 'NONE' };
  const { type, expression } = selector;
  return { type, contextType: type === 'label' ? 'CMDB' : 'NONE', expression };
}

/** Reads a service. Undefined where there is none. */
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

/** @throws {RegistryError} `INVALID_REQUEST`, with Nacos' number for a service that is there already. */
async function createService(
  namespace: NamespaceApi,
  { service, definition }: ServiceAsked,
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

/** @throws {RegistryError} `INVALID_REQUEST`, with Nacos' number for a service that is not there. */
async function updateService(
  namespace: NamespaceApi,
  { service, definition }: ServiceAsked,
  call: RouteCall,
): Promise<void> {
  if ((await serviceIn(namespace, service, call.tokenId)) === undefined) throw missingService(service);
  await namespace.putService(call.callerWithOrigin, { ...service, definition, precondition: {} });
}

/** @throws {RegistryError} `INVALID_REQUEST`, with Nacos' number for one that is not there, or not empty. */
async function removeService(
  namespace: NamespaceApi,
  { service }: Pick<ServiceAsked, 'namespace' | 'service'>,
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

/** A refusal in Nacos' words, for calls that need the service to be there. */
const missingService = (service: ServiceKey): RegistryError =>
  nacosError('SERVICE_NOT_EXIST', `service ${groupedName(service)} not found!`);

/** All services of a group, or of all groups. */
export async function servicesIn(
  namespace: NamespaceApi,
  group: string | undefined,
  tokenId: string,
): Promise<ServiceSummary[]> {
  return allServices(namespace, { group, tokenId });
}
