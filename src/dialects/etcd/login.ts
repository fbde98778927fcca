import { create } from '@bufbuild/protobuf';
import { joinLogin, type Login } from '../../auth/carriers';
import { jsonOfMessage } from '../../codecs/etcd/json';
import {
  type AuthenticateRequest,
  AuthenticateRequestSchema,
  AuthenticateResponseSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { hasCode } from '../../model/errors';
import { isNamespaceId } from '../../model/names';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { responseHeader } from '../../protocols/etcd/key-values';
import { jsonAnswer } from './answers';
import { readMessage } from './bodies';
import { pathsOf } from './paths';

/** Returns the namespace that a user's name begins with: `orders/ann` logs in to `orders`. */
function loginOf({ name, password }: AuthenticateRequest): Login {
  const [namespace = '', user] = name.split('/');
  if (user === undefined || !isNamespaceId(namespace)) return { token: password };
  return { namespace, token: password };
}

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
      const asked = loginOf(request);
      try {
        await login(asked.token);
      } catch (error) {
        throw hasCode(error, 'UNAUTHENTICATED') ? ETCD_ERRORS.authenticationFailed() : error;
      }
      // The revision is not known before there is a namespace, whose header this only names.
      const header = responseHeader(asked.namespace ?? DEFAULT_NAMESPACE, 0);
      const token = joinLogin(asked, DEFAULT_NAMESPACE);
      return jsonAnswer(
        jsonOfMessage(AuthenticateResponseSchema, create(AuthenticateResponseSchema, { header, token })),
      );
    },
  });
}
