import { authorizeAny } from '../../auth/authorize';
import { parseBody } from '../../codecs/consul/members';
import { REFUSALS } from '../../codecs/consul/refusals';
import { readSessionRequest, showSession } from '../../codecs/consul/session';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { readBodyText } from '../../http/request/body';
import { revisionOf } from '../../model/cursor';
import type { Principal } from '../../model/grant';
import { readJsonText } from '../../model/json';
import { BODY_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { indexedAnswer, jsonAnswer } from './answers';
import { waitOf } from './blocking';
import { unlessUnknown } from './kv-entries';
import { type ConsulRequest, consulRoute } from './routes';
import { allSessions, sessionsOf, sessionsOfNode, watchSessions } from './session-reads';
import { leaseOf, sessionGrant, sessionId, sessionOf } from './sessions';

/** A token that may put a key may have sessions, and sees its own; one that operates the namespace sees all. */
const mayHold = (principal: Principal, namespace: string) => authorizeAny(principal, namespace, 'register');
const mayRead = (principal: Principal, namespace: string) => authorizeAny(principal, namespace);

const named = ({ names: { session = '' } }: ConsulRequest) => ({ session, lease: leaseOf(session) });

/** Adds the routes of sessions. */
export function addSessionRoutes(door: DialectDoor): void {
  consulRoute(door, {
    operation: 'create session',
    method: 'put',
    path: '/session/create',
    scope: 'register',
    authorize: mayHold,
    summary: 'Creates a session',
    read: async ({ request, node }) => {
      const text = await readBodyText(request, BODY_MAX_BYTES);
      return { session: readSessionRequest(text === '' ? undefined : parseBody(text)), node };
    },
    call: async (namespace, { session, node }, call) => {
      const revision = await newestRevision(namespace, call);
      const { body } = await namespace.grantLease(call.callerWithOrigin, sessionGrant(session, node, revision));
      return readJsonText(body);
    },
    answer: ({ id }) => jsonAnswer({ ID: sessionId(id) }),
  });

  consulRoute(door, {
    operation: 'renew session',
    method: 'put',
    path: '/session/renew/:session',
    scope: 'register',
    authorize: mayHold,
    summary: 'Restarts the time to live of a session',
    withoutDeadline: true,
    read: named,
    call: async (namespace, { session, lease }, call) => {
      const renewed = await unlessUnknown(
        lease === undefined ? undefined : namespace.renewLease(call.caller, { lease, door: 'consul' }),
      );
      const shown = renewed && sessionOf(readJsonText(renewed.body));
      if (shown === undefined) throw REFUSALS.noSession(session);
      return shown;
    },
    answer: (session) => jsonAnswer([showSession(session)]),
  });

  consulRoute(door, {
    operation: 'destroy session',
    method: 'put',
    path: '/session/destroy/:session',
    scope: 'register',
    authorize: mayHold,
    summary: 'Ends a session, which releases or deletes its keys',
    read: named,
    call: async (namespace, { lease }, call) => {
      if (lease === undefined) return;
      await unlessUnknown(namespace.revokeLease(call.callerWithOrigin, { lease, door: 'consul' }));
    },
    answer: () => jsonAnswer(true),
  });

  const lists = [
    { path: '/session/info/:session', read: sessionsOf, summary: 'Reads a session' },
    { path: '/session/node/:node', read: sessionsOfNode, summary: 'Lists the sessions of a node' },
    { path: '/session/list', read: allSessions, summary: 'Lists the sessions of the token' },
  ];
  for (const { path, read, summary } of lists) {
    consulRoute(door, {
      operation: 'read sessions',
      method: 'get',
      path,
      scope: 'any',
      authorize: mayRead,
      summary,
      read: (request) => ({ options: request.query.readOptions(), names: request.names }),
      waitMs: ({ options }) => waitOf(options),
      call: (namespace, { options, names }, call) => watchSessions(options, call, () => read(namespace, call, names)),
      answer: ({ text, index }, { options }) => indexedAnswer(text, index, options),
    });
  }
}

/** Returns the revision of a namespace. */
async function newestRevision(namespace: NamespaceApi, { tokenId }: RouteCall): Promise<number> {
  const nothing = { from: '\u0000', to: '\u0000' };
  return revisionOf((await namespace.rangeEntries({ interval: nothing, countOnly: true, tokenId })).cursor);
}
