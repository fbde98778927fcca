import { ETCD_ERRORS, httpStatusOf, refusalOf, refusalText } from '../../codecs/etcd/refusals';
import { type ForwardedDoor, targetParts } from './forwarder';

/** Matches paths of etcd's JSON gateway, and of what etcd answers beside it. */
const PATHS = /^\/(?:v3(?:alpha|beta)?\/|(?:health|version)$)/;

/** Returns the JSON API of etcd for a namespace, as a gateway passes it on. */
export function etcdDoor(namespace: string): ForwardedDoor {
  const away = refusalOf(ETCD_ERRORS.noLeader().toData());
  return {
    path: (target) => {
      const parts = targetParts(target);
      if (parts === undefined || !PATHS.test(parts.path)) return undefined;
      return `/n/${encodeURIComponent(namespace)}${parts.path}${parts.query}`;
    },
    unknown: 'Not Found',
    away: { status: httpStatusOf(away), text: refusalText(away), type: 'application/json' },
    ownHeaders: [],
    headers: () => [],
    hasToken: ({ headers, url = '' }) => headers.authorization !== undefined || url.endsWith('/auth/authenticate'),
  };
}
