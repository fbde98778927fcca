import type { ServiceKey } from '../../model/namespace-api';
import type { Call } from './instance-calls';
import { clusterNamed, namespaceOf, serviceOf } from './names';
import { Parameters } from './parameters';
import {
  createService,
  missingService,
  readService,
  removeService,
  type ServiceAsked,
  serviceIn,
  updateService,
} from './services';

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
