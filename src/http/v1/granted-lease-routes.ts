import * as z from 'zod';
import { authorizeAny } from '../../auth/authorize';
import type { Principal } from '../../model/grant';
import {
  GrantedLeaseDetail,
  GrantedLeaseList,
  GrantedLeaseView,
  LeaseDoor,
  LeaseGrantRequest,
} from '../../model/granted-lease';
import { LeaseId } from '../../model/lease';
import { GRANTED_LEASES_PER_PAGE_COUNT } from '../../model/limits';
import { PageCount } from '../../model/query-values';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered, removed, written } from '../response/answers';
import { NAMESPACE_PATH } from './paths';

const LEASES_PATH = `${NAMESPACE_PATH}/leases`;
const LEASE_PATH = `${LEASES_PATH}/:lease`;

const LeaseNames = z.strictObject({ lease: LeaseId.meta({ description: 'Id of the lease, or its alias' }) });

/** Parameters of a request that names a lease. */
const DoorQuery = z.strictObject({ door: LeaseDoor.optional() });

const ListQuery = DoorQuery.extend({
  limit: PageCount.optional().meta({
    description: `Maximum number of leases; by default ${GRANTED_LEASES_PER_PAGE_COUNT}, also the maximum`,
  }),
  after: LeaseId.optional().meta({ description: 'The `next` of the previous page' }),
});

/** A token that may register an instance or put an entry may use leases. The namespace checks whose lease it is. */
const mayHold = (principal: Principal, namespace: string) => authorizeAny(principal, namespace, 'register');

const OWN = 'Requires the token to which the lease was granted, or the scope `operate` on the namespace.';

/** Adds the routes of leases that are granted by themselves, and hold entries and instances. */
export function addGrantedLeaseRoutes(surface: Surface): void {
  route(surface, {
    operation: 'grantLease',
    method: 'post',
    path: LEASES_PATH,
    scope: 'register',
    authorize: mayHold,
    chapter: 'Leases',
    summary: 'Grant a lease',
    description:
      'Name the lease when you put an entry or register an instance. When it ends, everything that it holds is deleted, and ' +
      'its locks are released, in one revision; entries that it only locked stay. It ends when it is revoked, or when `ttlMs` has passed since its last renewal. 409 `CONFLICT`: another lease has the alias.',
    input: { body: LeaseGrantRequest },
    answers: { 201: { description: 'The lease', schema: GrantedLeaseView } },
    example: { ttlMs: 30_000 },
    call: (namespace, { body }, call) => namespace.grantLease(call.callerWithOrigin, body),
    map: (answer) => written({ ...answer, created: true }),
  });

  route(surface, {
    operation: 'listGrantedLeases',
    method: 'get',
    path: LEASES_PATH,
    scope: 'register',
    authorize: mayHold,
    chapter: 'Leases',
    summary: 'List granted leases',
    description:
      'Lists the leases that were granted to the token, or all leases with the scope `operate` on the namespace.',
    input: { query: ListQuery },
    answers: { 200: { description: 'Leases by id', schema: GrantedLeaseList } },
    call: (namespace, { query }, call) => namespace.listLeases(call.caller, query),
    map: answered,
  });

  route(surface, {
    operation: 'readGrantedLease',
    method: 'get',
    path: LEASE_PATH,
    scope: 'register',
    authorize: mayHold,
    chapter: 'Leases',
    summary: 'Read a granted lease and what it holds',
    description: OWN,
    input: { path: LeaseNames, query: DoorQuery },
    answers: { 200: { description: 'The lease', schema: GrantedLeaseDetail } },
    call: (namespace, { path, query }, call) => namespace.readLease(call.caller, { ...path, ...query }),
    map: answered,
  });

  route(surface, {
    operation: 'renewGrantedLease',
    method: 'post',
    path: `${LEASE_PATH}/renew`,
    scope: 'register',
    authorize: mayHold,
    chapter: 'Leases',
    summary: 'Renew a granted lease',
    description: `Restarts its time to live. No body is needed. 404 \`LEASE_NOT_FOUND\`: the lease has ended. ${OWN}`,
    input: { path: LeaseNames, query: DoorQuery },
    withoutDeadline: true,
    answers: { 200: { description: 'The lease', schema: GrantedLeaseView } },
    call: (namespace, { path, query }, call) => namespace.renewLease(call.caller, { ...path, ...query }),
    map: answered,
  });

  route(surface, {
    operation: 'revokeGrantedLease',
    method: 'delete',
    path: LEASE_PATH,
    scope: 'register',
    authorize: mayHold,
    chapter: 'Leases',
    summary: 'Revoke a granted lease',
    description: `Ends the lease, and deletes everything that it holds in one revision. ${OWN}`,
    input: { path: LeaseNames, query: DoorQuery },
    answers: { 204: { description: 'Revoked' } },
    call: (namespace, { path, query }, call) => namespace.revokeLease(call.callerWithOrigin, { ...path, ...query }),
    map: removed,
  });
}
