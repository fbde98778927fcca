import { create } from '@bufbuild/protobuf';
import { loginOf, tokenOfLogin } from '../../auth/logins';
import { jsonOfMessage } from '../../codecs/etcd/json';
import { AuthenticateRequestSchema, AuthenticateResponseSchema } from '../../codecs/etcd/messages/rpc_pb';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { hasCode } from '../../model/errors';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { ETCD_VERSION } from '../../protocols/etcd/cluster';
import { responseHeader } from '../../protocols/etcd/key-values';
import { jsonAnswer } from './answers';
import { readMessage } from './bodies';
import { pathsOf } from './paths';

/**
 * Adds the login: the password is a token, and what it returns as etcd's token is that token, with the namespace in front
 * if the user's name has one. Nothing is kept, so that no session can end.
 */
export function addLoginRoute(door: DialectDoor): void {
  door.openRoute({
    operation: 'Auth.Authenticate',
    method: 'post',
    paths: pathsOf(['auth/authenticate']),
    summary: 'Returns the password, which is a token, as the token',
    read: (request) => readMessage(request, AuthenticateRequestSchema),
    answer: async (request, login) => {
      if (request.name === '') throw ETCD_ERRORS.userEmpty();
      const asked = loginOf(request.name, request.password);
      try {
        await login(asked.token);
      } catch (error) {
        throw hasCode(error, 'UNAUTHENTICATED') ? ETCD_ERRORS.authenticationFailed() : error;
      }
      // The revision is not known before there is a namespace, whose header this only names.
      const header = responseHeader(asked.namespace ?? DEFAULT_NAMESPACE, 0);
      const token = tokenOfLogin(asked);
      return jsonAnswer(
        jsonOfMessage(AuthenticateResponseSchema, create(AuthenticateResponseSchema, { header, token })),
      );
    },
  });
}

const VERSION = JSON.stringify({ etcdserver: ETCD_VERSION, etcdcluster: ETCD_VERSION, storage: ETCD_VERSION });
const HEALTH = JSON.stringify({ health: 'true', reason: '' });

/** Adds the paths that clients and load balancers probe. They show nothing, and need no token, as in etcd. */
export function addProbeRoutes(door: DialectDoor): void {
  const probes = [
    {
      operation: 'version',
      path: '/version',
      text: VERSION,
      summary: 'Returns the version of etcd that is answered as',
    },
    { operation: 'health', path: '/health', text: HEALTH, summary: 'Reports that requests are answered' },
  ];
  for (const { operation, path, text, summary } of probes) {
    door.openRoute({
      operation,
      method: 'get',
      paths: [path],
      summary,
      read: () => undefined,
      answer: () => jsonAnswer(text),
    });
  }
}
