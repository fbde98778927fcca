import { refusalOf } from '../../codecs/consul/refusals';
import type { Dialect } from '../../http/pipeline/dialect';
import { addAgentCheckRoutes } from './agent-check-routes';
import { addAgentSelfRoutes } from './agent-self-routes';
import { addAgentServiceRoutes } from './agent-service-routes';
import { addAgentViewRoutes } from './agent-view-routes';
import { textAnswer } from './answers';
import { addCatalogWriteRoutes } from './catalog-changes';
import { CatalogCopies } from './catalog-copy';
import { KeptAnswers } from './kept-answers';
import { LockingSessions } from './kv-entries';
import { addKvRoutes } from './kv-routes';
import { ListReads } from './list-reads';
import { addListRoutes } from './list-routes';
import { addMiscRoutes } from './misc-routes';
import { ServiceReads } from './service-reads';
import { addServiceRoutes } from './service-routes';
import { addSessionRoutes } from './session-routes';
import { addTxnRoutes } from './txn-routes';

/** Replaces several slashes, which clients send whose base URL ends in one. The path stays percent-encoded. */
function pathOf(path: string): string {
  // Nearly all paths, and those of keys, which may have any slashes.
  if (path.startsWith('/v1/')) return path;
  return path.replace(/^\/+v1\//, '/v1/').replace(/^(\/node\/[^/]+)\/+v1\//, '$1/v1/');
}

/**
 * API for clients of Consul: agent, catalog, health, keys, sessions and transactions. All hosts behind one URL share a node;
 * `/node/<node>/v1` is the agent of another one.
 */
export const consul: Dialect = {
  name: 'consul',
  paths: ['/v1', '/node'],
  carriers: ['bearer', 'basic', 'path', 'consul-token-header', 'token-parameter'],
  pathOf,
  refuse(refusal, { method }) {
    const { status, text } = refusalOf(refusal);
    const { allow, retryAfterSeconds } = refusal.details;
    return textAnswer(status, status === 405 ? `method ${method} not allowed` : text, {
      ...(allow === undefined ? {} : { Allow: ['OPTIONS', ...allow].join(',') }),
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
    });
  },
  addRoutes(door) {
    const copies = new CatalogCopies();
    addAgentServiceRoutes(door, copies);
    addAgentCheckRoutes(door, copies);
    addAgentViewRoutes(door, copies);
    addAgentSelfRoutes(door, copies);
    addCatalogWriteRoutes(door, copies);
    const answers = new KeptAnswers();
    const reads = new ServiceReads(answers, copies);
    addServiceRoutes(door, reads);
    addListRoutes(door, new ListReads(copies));
    const sessions = new LockingSessions();
    addKvRoutes(door, answers, sessions);
    addSessionRoutes(door);
    addTxnRoutes(door, sessions);
    addMiscRoutes(door, reads);
  },
};
