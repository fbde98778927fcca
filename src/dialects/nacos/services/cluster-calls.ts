import { checkerEntry, readChecker } from '../../../codecs/nacos/cluster-checker';
import { clusterNamed, illegal } from '../../../codecs/nacos/names';
import { isRecord, parseJson } from '../../../model/json';
import type { Call } from '../wire/answers';
import { Parameters } from '../wire/parameters';
import { missingService, type ServiceNamed, serviceIn, serviceNamedIn } from './service-calls';

/** Settings of a cluster in a request. */
interface ClusterRequest extends ServiceNamed {
  cluster: string;
  /** JSON of the checker; empty: the request sets none. */
  healthChecker: string;
  checkPort: string;
  useInstancePort4Check: boolean | undefined;
}

/**
 * Update of a cluster's health checker. It is stored only where this process runs checks: elsewhere it would have no
 * effect until the data is moved to a host that does, and then an unexpected one.
 */
export const UPDATE_CLUSTER: Call<ClusterRequest, void> = {
  scope: 'operate',
  method: 'put',
  summary:
    'Sets the health checker of a cluster, where the registry runs checks; elsewhere it is accepted, without effect',
  read: (request, _, form) => {
    const parameters = Parameters.of(request, form);
    const cluster = clusterNamed(parameters.required('clusterName'));
    return {
      ...serviceNamedIn(request, form),
      cluster,
      healthChecker: parameters.text('healthChecker'),
      checkPort: parameters.text('checkPort'),
      useInstancePort4Check: parameters.flag('useInstancePort4Check'),
    };
  },
  namespace: ({ namespace }) => namespace,
  target: ({ service }) => ({ service }),
  call: async (namespace, asked, { tokenId, callerWithOrigin, surroundings, namespace: id }) => {
    const { service, cluster } = asked;
    if ((await serviceIn(namespace, service, tokenId)) === undefined) throw missingService(service);
    if (surroundings.checkRunner === undefined || asked.healthChecker === '') return;
    const patch = { metadata: checkerEntry(cluster, checkerOf(asked)) };
    await namespace.patchService(callerWithOrigin, { ...service, patch, precondition: {} });
    surroundings.checksChanged?.(id, service);
  },
};

/** Reads the checker of a request. @throws {RegistryError} `INVALID_REQUEST`, with Nacos' code. */
function checkerOf({ healthChecker, checkPort, useInstancePort4Check }: ClusterRequest) {
  let sent: unknown;
  try {
    sent = parseJson(healthChecker);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const port = checkPort === '' ? undefined : checkPort;
  const checker = isRecord(sent) ? readChecker({ ...sent, checkPort: port, useInstancePort4Check }) : undefined;
  if (checker !== undefined) return checker;
  throw illegal(
    'healthChecker',
    'it should be JSON with the type TCP, HTTP or NONE; for HTTP a path, headers and an expectedResponseCode from 200 to 599; and checkPort a port.',
  );
}
