import { type ForwardedDoor, targetParts } from './forwarder';

/** Matches paths of Nacos' HTTP API, and what its clients ask beside it. */
const PATHS = /^\/(?:n\/[^/]+\/+)?(?:t\/[^/]+\/+)?nacos(?:\/|$)/;

/**
 * Returns Nacos' HTTP API, as a gateway passes it on.
 *
 * @param namespace Namespace of all requests; undefined: that which each of them names.
 */
export function nacosDoor(namespace: string | undefined): ForwardedDoor {
  const prefix = namespace === undefined ? '' : `/n/${encodeURIComponent(namespace)}`;
  return {
    path: (target) => {
      const parts = targetParts(target);
      if (parts === undefined || !PATHS.test(parts.path)) return undefined;
      // No request leaves the namespace of the gateway.
      const rest = prefix !== '' && parts.path.startsWith(`${prefix}/`) ? parts.path.slice(prefix.length) : parts.path;
      if (prefix !== '' && rest.startsWith('/n/')) return undefined;
      return `${prefix}${rest}${parts.query}`;
    },
    unknown: "There is only Nacos' HTTP API here, at /nacos",
    // Clients try their next server.
    away: {
      status: 503,
      text: 'server is not available now, please try again later',
      type: 'text/plain; charset=utf-8',
    },
    ownHeaders: [],
    headers: () => [],
    hasToken: ({ headers, url = '' }) => {
      if (headers.authorization !== undefined || headers.accesstoken !== undefined) return true;
      return /^\/(?:n\/[^/]+\/)?t\/|\/login(?:$|\?)|[?&](?:accessToken|password)=/.test(url);
    },
  };
}
