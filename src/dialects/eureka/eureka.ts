import type { Dialect } from '../../http/pipeline/dialect';
import { COMMON_HEADERS } from '../../http/response/answers';
import { errorResponse } from '../../http/response/error-response';
import { claimsOf } from './claims';
import { addLeaseRoutes } from './lease-routes';
import { addReadRoutes } from './read-routes';
import { addStatusRoutes } from './status-routes';

/** Matches the usual base paths: Spring's, the Netflix WAR's, and that of servers without a context path. */
const BASE = /^\/(?:eureka(?:\/v2)?|v2)(?=\/|$)/;

/** Normalizes a path for the routes: one base, single slashes, none at the end. It stays percent-encoded. */
function pathOf(path: string): string {
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
  const open = single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single;
  return open.replace(BASE, '/eureka');
}

/**
 * API for clients of Netflix Eureka, including Spring's: its REST operations, in JSON and XML. A heartbeat with status 404
 * makes clients register again, so it has that status only for this.
 */
export const eureka: Dialect = {
  name: 'eureka',
  paths: ['/eureka', '/v2', '/serverinfo'],
  carriers: ['bearer', 'basic', 'path'],
  pathOf,
  claimsOf,
  refuse({ code, message, details }, { method }) {
    const { status, headers: native } = errorResponse({ code, message, details });
    const headers = new Headers(COMMON_HEADERS);
    // Eureka clients with user and password in their URL send them without a challenge; browsers and tools need one.
    if (code === 'UNAUTHENTICATED') headers.set('WWW-Authenticate', 'Basic realm="rollcall", Bearer realm="rollcall"');
    for (const name of ['Allow', 'Retry-After']) {
      const value = native.get(name);
      if (value !== null) headers.set(name, value);
    }
    // Java clients read any body of a response to a heartbeat as an instance.
    if (method === 'PUT' || status === 404) return new Response(null, { status, headers });
    headers.set('Content-Type', 'text/plain; charset=utf-8');
    return new Response(message, { status, headers });
  },
  addRoutes(door) {
    addReadRoutes(door);
    addLeaseRoutes(door);
    addStatusRoutes(door);
  },
};
