import type { DialectDoor } from '../../http/pipeline/dialect';
import { answer } from './answers';
import { type Session, sessionOf } from './login-session';
import { Parameters } from './parameters';

/** Where clients log in: Java and Go, Rust and scripts, and since version 3. */
const PATHS = ['/nacos/v1/auth/users/login', '/nacos/v1/auth/login', '/nacos/v3/auth/user/login'];

/** Clients look into the header or into the body. */
function welcome(session: Session): Response {
  const response = answer(session);
  response.headers.set('Authorization', `Bearer ${session.accessToken}`);
  return response;
}

/** Logging in. Whoever comes so far has a good token for a password already, as every route asks for one first. */
export function addLoginRoute(door: DialectDoor): void {
  door.directoryRoute({
    operation: 'login',
    method: 'post',
    paths: PATHS,
    summary: 'Gives the token that is the password as the access token',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { username: parameters.text('username'), password: parameters.required('password') };
    },
    call: async (_, { principal }, asked) => sessionOf(principal, asked, Date.now()),
    answer: welcome,
  });
}
