import { create } from '@bufbuild/protobuf';
import { type Permission, Permission_Type, PermissionSchema } from '../../codecs/etcd/messages/auth_pb';
import {
  AuthRoleGetResponseSchema,
  AuthRoleListResponseSchema,
  AuthStatusResponseSchema,
  AuthUserGetResponseSchema,
  AuthUserListResponseSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { bytesOf } from '../../model/bytes';
import type { Grant, Scope } from '../../model/grant';
import { type KeyInterval, keysOfPattern } from '../../model/key-interval';
import type { EtcdCall } from './etcd-call';

/**
 * Users of etcd are tokens of the registry: a client sees its own as its user, with one role that has the token's grants. It
 * logs in with any name, and the token as its password.
 */
const ROLE = 'grants';

/** Permissions of etcd for scopes. The others are not about keys. */
const PERMISSIONS: Readonly<Partial<Record<Scope, Permission_Type>>> = {
  read: Permission_Type.READ,
  register: Permission_Type.WRITE,
  admin: Permission_Type.READWRITE,
};

/** Answers that authentication is on, as it always is. */
export const authStatus = () => create(AuthStatusResponseSchema, { enabled: true, authRevision: 1n });

export const userList = ({ user }: EtcdCall) => create(AuthUserListResponseSchema, { users: [user] });

/** @throws {RegistryError} With etcd's text for another user. */
export function userGet({ user }: EtcdCall, name: string) {
  if (name !== user) throw ETCD_ERRORS.userNotFound();
  return create(AuthUserGetResponseSchema, { roles: [ROLE] });
}

export const roleList = () => create(AuthRoleListResponseSchema, { roles: [ROLE] });

/** @throws {RegistryError} With etcd's text for another role. */
export function roleGet({ namespace }: EtcdCall, role: string) {
  if (role !== ROLE) throw ETCD_ERRORS.roleNotFound();
  return create(AuthRoleGetResponseSchema, { perm: namespace.grants.flatMap(permissionsOf) });
}

function permissionsOf({ scope, services, keys }: Grant): Permission[] {
  const permType = PERMISSIONS[scope];
  if (permType === undefined) return [];
  if (keys === undefined) return services === undefined ? [permission(permType, { from: '' })] : [];
  return keys.map((pattern) => permission(permType, keysOfPattern(pattern)));
}

/** The range end `\0` is that of a range without an end. */
function permission(permType: Permission_Type, { from, to = '\u0000' }: KeyInterval): Permission {
  const isSingle = to === `${from}\u0000` && from !== '';
  return create(PermissionSchema, {
    permType,
    key: bytesOf(from === '' ? '\u0000' : from),
    rangeEnd: isSingle ? new Uint8Array(0) : bytesOf(to),
  });
}

/** Returns the refusal of changes to users and roles. */
export const refuseUsers = () =>
  ETCD_ERRORS.unimplemented(
    'rollcall: users and roles are the tokens of the registry; create one with `rollcall token create`, and log in with it as the password',
  );
