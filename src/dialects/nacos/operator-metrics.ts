import type { Stats } from '../../model/stats';
import { UP } from './operator-node';

/** The numbers of one namespace in the words of Nacos, where they are of the whole server. */
export function metricsOf({ services, instances, leases, sockets, watches }: Stats): object {
  return {
    ...UP,
    serviceCount: services,
    instanceCount: instances,
    subscribeCount: watches,
    responsibleInstanceCount: instances,
    // A client over HTTP is what beats for one address; one over a connection holds a socket.
    clientCount: instances + sockets,
    connectionBasedClientCount: sockets,
    ephemeralIpPortClientCount: leases,
    persistentIpPortClientCount: instances - leases,
    responsibleClientCount: instances + sockets,
  };
}
