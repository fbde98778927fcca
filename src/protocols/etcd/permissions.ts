import { authorize, authorizeAny, authorizeTransaction } from '../../auth/authorize';
import type { Principal } from '../../model/grant';
import type { ClaimsOf } from '../../model/instance';
import type { Permissions } from './called-namespace';

/** Returns the checks of what a token may do in a namespace, which are those of the native calls. */
export function permissionsOf(principal: Principal, namespace: string, claimsOf: ClaimsOf): Permissions {
  return {
    carryOut: (transaction) => authorizeTransaction(principal, namespace, transaction, claimsOf),
    read: (keys) => authorize(principal, 'read', { namespace, keys }),
    hold: () => authorizeAny(principal, namespace, 'register'),
    operate: () => authorize(principal, 'operate', { namespace }),
  };
}
