import { type CheckStatus, readCheckRegistration, readCheckUpdate } from '../../codecs/consul/check';
import { parseBody } from '../../codecs/consul/members';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { readBodyText } from '../../http/request/body';
import { BODY_MAX_BYTES } from '../../model/limits';
import { deregisterCheck, registerCheck } from './agent-checks';
import { emptyAnswer } from './answers';
import type { CatalogCopies } from './catalog-copy';
import { CheckReports } from './check-reports';
import { instanceIn, runnerIn } from './check-runner';
import { consulRoute } from './routes';

/** Results that have a path of their own. */
const RESULTS = [
  ['pass', 'passing'],
  ['warn', 'warning'],
  ['fail', 'critical'],
] as const satisfies (readonly [path: string, status: CheckStatus])[];

/** Adds the routes of checks at an agent. A check belongs to any service, so that they are authorized once it is found. */
export function addAgentCheckRoutes(door: DialectDoor, copies: CatalogCopies): void {
  const reports = new CheckReports(copies);

  for (const [path, status] of RESULTS) {
    consulRoute(door, {
      operation: `agent check ${path}`,
      method: 'put',
      path: `/agent/check/${path}/:check{.+}`,
      scope: 'any',
      withoutDeadline: true,
      summary: `Reports that a TTL check is ${status}`,
      read: ({ node, query, names: { check = '' } }) => ({ node, checkId: check, output: query.text('note') }),
      call: (_namespace, { node, checkId, output }, call) =>
        reports.report(call, { node, checkId, result: { status, output }, runner: undefined }),
      answer: () => emptyAnswer(),
    });
  }

  consulRoute(door, {
    operation: 'agent check update',
    method: 'put',
    path: '/agent/check/update/:check{.+}',
    scope: 'any',
    withoutDeadline: true,
    summary: 'Reports the status and the output of a check',
    read: async ({ node, names: { check = '' }, request }) => ({
      node,
      checkId: check,
      result: readCheckUpdate(parseBody(await readBodyText(request, BODY_MAX_BYTES))),
      runner: runnerIn(request),
      only: instanceIn(request),
    }),
    call: (_namespace, report, call) => reports.report(call, report),
    answer: () => emptyAnswer(),
  });

  consulRoute(door, {
    operation: 'agent check register',
    method: 'put',
    path: '/agent/check/register',
    scope: 'any',
    summary: 'Adds a check to a service or to the node',
    read: async ({ node, request }) => ({
      node,
      definition: readCheckRegistration(parseBody(await readBodyText(request, BODY_MAX_BYTES))),
      runner: runnerIn(request),
    }),
    call: (_namespace, registration, call) => registerCheck(call, copies, registration),
    answer: () => emptyAnswer(),
  });

  consulRoute(door, {
    operation: 'agent check deregister',
    method: 'put',
    path: '/agent/check/deregister/:check{.+}',
    scope: 'any',
    summary: 'Removes a check',
    read: ({ node, names: { check = '' } }) => ({ node, checkId: check }),
    call: (_namespace, { node, checkId }, call) => deregisterCheck(call, copies, node, checkId),
    answer: () => emptyAnswer(),
  });
}
