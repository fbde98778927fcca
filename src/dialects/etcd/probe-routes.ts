import type { DialectDoor } from '../../http/pipeline/dialect';
import { ETCD_VERSION } from '../../protocols/etcd/cluster';
import { jsonAnswer } from './answers';

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
