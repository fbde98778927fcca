import { isNamespaceId } from '../model/names';
import { DEFAULT_NAMESPACE } from '../model/service-name';
import { joinLogin, type Login, splitLogin } from './carriers';

/**
 * A login of etcd's and Nacos' clients returns a token for their further calls. Here it is the token of the registry that they
 * have sent as the password, so that nothing has to be stored. A user named `<namespace>/<anything>` is one of that namespace, whose
 * name then precedes the token.
 */
export function loginOf(name: string, password: string): Login {
  const [namespace = '', user] = name.split('/');
  if (user === undefined || !isNamespaceId(namespace)) return { token: password };
  return { namespace, token: password };
}

/** Returns the token for the calls of a client that has logged in. */
export const tokenOfLogin = (login: Login): string => joinLogin(login, DEFAULT_NAMESPACE);

/** Reads such a token. */
export const loginOfToken = (text: string): Login => splitLogin(text);
