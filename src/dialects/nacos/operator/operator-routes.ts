import { authorize, authorizeAny } from '../../../auth/authorize';
import { nacosError } from '../../../codecs/nacos/refusals';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import { readJsonText } from '../../../model/json';
import { ALL_NAMESPACES } from '../../../model/service-name';
import type { Stats } from '../../../model/stats';
import { answer, ok, result } from '../wire/answers';
import { namespaceOf } from '../wire/names';
import { Parameters } from '../wire/parameters';
import { UP } from './node';
import { switchFault } from './switches';

/** Paths and formats of one version. */
interface Version {
  version: 'v1' | 'v2' | 'v3';
  /** All spellings of the base path. */
  paths: string[];
  show(value: object): Response;
  done(): Response;
}

const VERSIONS: Version[] = [
  { version: 'v1', paths: ['/nacos/v1/ns/operator', '/nacos/v1/ns/ops'], show: answer, done: ok },
  {
    version: 'v2',
    paths: ['/nacos/v2/ns/operator', '/nacos/v2/ns/ops'],
    show: result,
    done: () => result('ok'),
  },
  { version: 'v3', paths: ['/nacos/v3/admin/ns/ops'], show: result, done: () => result('ok') },
];

function addMetricsRoute(door: DialectDoor, { version, paths, show }: Version): void {
  door.route({
    operation: `${version} metrics`,
    method: 'get',
    paths: paths.map((path) => `${path}/metrics`),
    scope: 'any',
    summary: 'Reports that the server is up, and the content of a namespace',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { namespace: namespaceOf(parameters), onlyStatus: parameters.flag('onlyStatus') ?? true };
    },
    namespace: ({ namespace }) => namespace,
    // Every client checks whether the server is up, whatever its grants. Only readers may see the figures.
    authorize: (principal, namespace, { onlyStatus }) =>
      onlyStatus ? authorizeAny(principal, namespace) : authorize(principal, 'read', { namespace }),
    call: async (namespace, { onlyStatus }, { tokenId }) =>
      onlyStatus ? UP : metricsOf(readJsonText((await namespace.stats({ tokenId })).body)),
    answer: show,
  });
}

function addSettingRoutes(door: DialectDoor, { version, paths, done }: Version): void {
  door.directoryRoute({
    operation: `${version} set switch`,
    method: 'put',
    paths: paths.map((path) => `${path}/switches`),
    summary: 'Accepts the current value of a switch; switches are read-only',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { entry: parameters.required('entry'), value: parameters.required('value') };
    },
    call: async (_, { principal }, { entry, value }) => {
      authorize(principal, 'admin', { namespace: ALL_NAMESPACES });
      const fault = switchFault(entry, value);
      if (fault !== undefined) throw fault;
    },
    answer: done,
  });

  door.directoryRoute({
    operation: `${version} set log level`,
    method: 'put',
    paths: paths.map((path) => `${path}/log`),
    summary: 'Refuses the request: there are no log levels',
    read: () => undefined,
    call: async (_, { principal }) => {
      authorize(principal, 'admin', { namespace: ALL_NAMESPACES });
      throw nacosError('PARAMETER_VALIDATE_ERROR', 'there are no log levels to set');
    },
    answer: done,
  });
}

/** Adds the metrics and settings routes of each version. */
export function addOperatorRoutes(door: DialectDoor): void {
  for (const version of VERSIONS) {
    addMetricsRoute(door, version);
    addSettingRoutes(door, version);
  }
}

/** Formats the figures of one namespace as Nacos' metrics, which in Nacos cover the whole server. */
export function metricsOf({ services, instances, leases, sockets, watches }: Stats): object {
  return {
    ...UP,
    serviceCount: services,
    instanceCount: instances,
    subscribeCount: watches,
    responsibleInstanceCount: instances,
    // Each instance counts as a client over HTTP, and each socket as a client over a connection.
    clientCount: instances + sockets,
    connectionBasedClientCount: sockets,
    ephemeralIpPortClientCount: leases,
    persistentIpPortClientCount: instances - leases,
    responsibleClientCount: instances + sockets,
  };
}
