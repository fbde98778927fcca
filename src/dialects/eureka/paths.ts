/** Base paths in the wild: Spring's, the Netflix WAR's, and that of servers without a context path. */
const BASE = /^\/(?:eureka(?:\/v2)?|v2)(?=\/|$)/;

/** The one spelling of a path that routes know: one base, single slashes, none at the end. It stays percent-encoded. */
export function pathOf(path: string): string {
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
  const open = single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single;
  return open.replace(BASE, '/eureka');
}
