import { AuditTrail } from '../../model/audit';
import { AuditQuery } from '../../model/queries';
import { directoryRoute, told } from '../pipeline/directory-route';
import type { Surface } from '../pipeline/route';

/** What people did to the registry. */
export function addAuditRoute(surface: Surface): void {
  directoryRoute(surface, {
    operation: 'readAudit',
    method: 'get',
    path: '/api/v1/audit',
    scope: 'any',
    chapter: 'Access',
    summary: 'Read who did what, when, and from where',
    description:
      'Needs `admin`: on the namespace that is asked for, or else on all. An entry that stays `begun` was not heard of again.',
    input: { query: AuditQuery },
    answers: { 200: { description: 'Newest first', schema: AuditTrail } },
    call: (directory, caller, { query }) => directory.readAudit(caller, query),
    map: (trail) => told(trail),
  });
}
