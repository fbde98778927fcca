import { Hono } from 'hono';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { DOORS } from '../auth/carriers';
import { RegistryError } from '../model/errors';
import type { Admission } from './admission';
import type { Dialect } from './dialect';
import { errorResponse, refusalOf } from './error-response';
import { rawPath } from './request-target';
import type { RoutedEnv } from './route';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Methods that a path answers; HEAD is answered wherever GET is. */
function methodsOf(hono: Hono<RoutedEnv>, path: string): string[] {
  return METHODS.filter((method) => hono.router.match(method === 'HEAD' ? 'GET' : method, path)[0].length > 0);
}

/**
 * Makes the router of the native API, or of a dialect. Each has its own: one regular expression finds all paths that are
 * native, and refuses to hold two that overlap. Where a dialect has such paths, its own requests alone take the slower
 * search that this needs.
 */
export function newRouter(admission: Admission, dialect?: Dialect): Hono<RoutedEnv> {
  const hono = new Hono<RoutedEnv>({
    getPath: (request, given) => given?.env?.path ?? rawPath(request),
    ...(dialect === undefined && { router: new RegExpRouter() }),
  });
  // Only who may come in learns which doors there are.
  hono.notFound(async ({ env, req }) => {
    const { tokenId } = await admission.admit(dialect?.carriers ?? DOORS.api, req.raw, env);
    env.record.tokenId = tokenId;
    const { method, path } = req;
    const allow = methodsOf(hono, path);
    if (allow.length > 0) {
      throw new RegistryError('METHOD_NOT_ALLOWED', `this route answers ${allow.join(', ')}, not ${method}`, {
        allow,
      });
    }
    throw new RegistryError('ROUTE_NOT_FOUND', 'there is no such route; all of them are listed at /docs');
  });
  hono.onError((error, { env, req }) => {
    const refusal = refusalOf(error, env.record);
    return dialect?.refuse(refusal, req.raw) ?? errorResponse(refusal);
  });
  return hono;
}
