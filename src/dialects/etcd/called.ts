import { grantsOn } from '../../auth/authorize';
import type { RouteCall } from '../../http/pipeline/route-call';
import { publicOrigin } from '../../http/request/headers';
import { requestOrigin } from '../../http/request/request-target';
import { calledNamespace } from '../../protocols/etcd/called-namespace';
import type { EtcdCall } from '../../protocols/etcd/etcd-call';
import { permissionsOf } from '../../protocols/etcd/permissions';

/** Returns a request as a call of etcd's API, with the permissions of its token. */
export function etcdCall(call: RouteCall): EtcdCall {
  const { principal, namespace, surroundings, received } = call;
  return {
    namespace: calledNamespace({
      id: namespace,
      calls: call.calls,
      caller: call.callerWithOrigin,
      grants: grantsOn(principal, namespace),
      permissions: permissionsOf(principal, namespace, surroundings.claimsOf),
      openSocket: (listener) => call.sockets.open({ ...call.purpose('stream', ''), proof: 'marks' }, listener),
    }),
    user: call.tokenId,
    get clientUrl() {
      return publicOrigin(received, surroundings.origins, requestOrigin(received));
    },
    // Few methods use it, and it is made when it is read.
    get signal() {
      return received.signal;
    },
  };
}
