import * as z from 'zod';
import { authorizeAny } from '../../auth/authorize';
import type { Principal } from '../../model/grant';
import { GrantedLeaseDetail, GrantedLeaseList, GrantedLeaseView, LeaseGrantRequest } from '../../model/granted-lease';
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

const ListQuery = z.strictObject({
  limit: PageCount.optional().meta({
    description: `Maximum number of leases; by default ${GRANTED_LEASES_PER_PAGE_COUNT}, also the maximum`,
  }),
  after: LeaseId.optional().meta({ description: 'The `next` of the previous page' }),
});

/** A token that may register or write anything may hold it by a lease. The namespace checks whose lease it is. */
const mayHold = (principal: Principal, namespace: string) => authorizeAny(principal, namespace, 'register');

const OWN = 'Only the token that was granted the lease, or one with the scope `operate` on the namespace, may do this.';

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
      'Name it when you put an entry or register an instance: all that it holds is deleted, in one revision, when it ends. ' +
      'Locks that it has acquired are released in that revision, and the entries stay. ' +
      'It ends when it is revoked, or when it is not renewed for `ttlMs`. 409 `CONFLICT`: another lease has the alias.',
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
    description: 'Those that were granted to the token; all with the scope `operate` on the namespace.',
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
    summary: 'Read a granted lease with what it holds',
    description: OWN,
    input: { path: LeaseNames },
    answers: { 200: { description: 'The lease', schema: GrantedLeaseDetail } },
    call: (namespace, { path }, call) => namespace.readLease(call.caller, path),
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
    description: `Its time to live starts again. No body is needed. 404 \`LEASE_NOT_FOUND\`: it has ended. ${OWN}`,
    input: { path: LeaseNames },
    withoutDeadline: true,
    answers: { 200: { description: 'The lease', schema: GrantedLeaseView } },
    call: (namespace, { path }, call) => namespace.renewLease(call.caller, path),
    map: answered,
  });

  route(surface, {
    operation: 'revokeLease',
    method: 'delete',
    path: LEASE_PATH,
    scope: 'register',
    authorize: mayHold,
    chapter: 'Leases',
    summary: 'Revoke a granted lease',
    description: `Everything that it holds is deleted, in one revision. ${OWN}`,
    input: { path: LeaseNames },
    answers: { 204: { description: 'Revoked' } },
    call: (namespace, { path }, call) => namespace.revokeLease(call.callerWithOrigin, path),
    map: removed,
  });
}
