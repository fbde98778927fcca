import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';

/**
 * Every endpoint of Consul's HTTP API: its path, in which a name may be `:`, and its methods.
 *
 * Source: the route table of 1.21 in `agent/http_register.go`; those of Enterprise from its documentation.
 */
const ENDPOINTS: Record<string, string> = {
  'acl/auth-method': 'PUT',
  'acl/auth-method/:': 'GET PUT DELETE',
  'acl/auth-methods': 'GET',
  'acl/binding-rule': 'PUT',
  'acl/binding-rule/:': 'GET PUT DELETE',
  'acl/binding-rules': 'GET',
  'acl/bootstrap': 'PUT',
  'acl/login': 'POST',
  'acl/logout': 'POST',
  'acl/policies': 'GET',
  'acl/policy': 'PUT',
  'acl/policy/:': 'GET PUT DELETE',
  'acl/policy/name/:': 'GET',
  'acl/replication': 'GET',
  'acl/role': 'PUT',
  'acl/role/:': 'GET PUT DELETE',
  'acl/role/name/:': 'GET',
  'acl/roles': 'GET',
  'acl/templated-policies': 'GET',
  'acl/templated-policy/name/:': 'GET',
  'acl/templated-policy/preview/:': 'POST',
  'acl/token': 'PUT',
  'acl/token/:': 'GET PUT DELETE',
  'acl/token/self': 'GET',
  'acl/tokens': 'GET',
  'agent/check/deregister/:': 'PUT',
  'agent/check/fail/:': 'PUT',
  'agent/check/pass/:': 'PUT',
  'agent/check/register': 'PUT',
  'agent/check/update/:': 'PUT',
  'agent/check/warn/:': 'PUT',
  'agent/checks': 'GET',
  'agent/connect/authorize': 'POST',
  'agent/connect/ca/leaf/:': 'GET',
  'agent/connect/ca/roots': 'GET',
  'agent/force-leave/:': 'PUT',
  'agent/health/service/id/:': 'GET',
  'agent/health/service/name/:': 'GET',
  'agent/host': 'GET',
  'agent/join/:': 'PUT',
  'agent/leave': 'PUT',
  'agent/maintenance': 'PUT',
  'agent/members': 'GET',
  'agent/metrics': 'GET',
  'agent/metrics/stream': 'GET',
  'agent/monitor': 'GET',
  'agent/reload': 'PUT',
  'agent/self': 'GET',
  'agent/service/:': 'GET',
  'agent/service/deregister/:': 'PUT',
  'agent/service/maintenance/:': 'PUT',
  'agent/service/register': 'PUT',
  'agent/services': 'GET',
  'agent/token/:': 'PUT',
  'agent/version': 'GET',
  'catalog/connect/:': 'GET',
  'catalog/datacenters': 'GET',
  'catalog/deregister': 'PUT',
  'catalog/gateway-services/:': 'GET',
  'catalog/node-services/:': 'GET',
  'catalog/node/:': 'GET',
  'catalog/nodes': 'GET',
  'catalog/register': 'PUT',
  'catalog/service/:': 'GET',
  'catalog/services': 'GET',
  config: 'PUT',
  'config/:': 'GET DELETE',
  'connect/ca/configuration': 'GET PUT',
  'connect/ca/roots': 'GET',
  'connect/intentions': 'GET POST',
  'connect/intentions/:': 'GET PUT DELETE',
  'connect/intentions/check': 'GET',
  'connect/intentions/exact': 'GET PUT DELETE',
  'connect/intentions/match': 'GET',
  'coordinate/datacenters': 'GET',
  'coordinate/node/:': 'GET',
  'coordinate/nodes': 'GET',
  'coordinate/update': 'PUT',
  'discovery-chain/:': 'GET POST',
  'event/fire/:': 'PUT',
  'event/list': 'GET',
  'exported-services': 'GET',
  'health/checks/:': 'GET',
  'health/connect/:': 'GET',
  'health/ingress/:': 'GET',
  'health/node/:': 'GET',
  'health/service/:': 'GET',
  'health/state/:': 'GET',
  'internal/acl/authorize': 'POST',
  'internal/federation-state/:': 'GET',
  'internal/federation-states': 'GET',
  'internal/federation-states/mesh-gateways': 'GET',
  'internal/service-virtual-ip': 'PUT',
  'internal/ui/catalog-overview': 'GET',
  'internal/ui/exported-services': 'GET',
  'internal/ui/gateway-intentions/:': 'GET',
  'internal/ui/gateway-services-nodes/:': 'GET',
  'internal/ui/metrics-proxy/:': 'GET',
  'internal/ui/node/:': 'GET',
  'internal/ui/nodes': 'GET',
  'internal/ui/service-topology/:': 'GET',
  'internal/ui/services': 'GET',
  'kv/:': 'GET PUT DELETE',
  namespace: 'PUT',
  'namespace/:': 'GET PUT DELETE',
  namespaces: 'GET',
  'operator/area': 'GET POST',
  'operator/audit-hash': 'POST',
  'operator/autopilot/configuration': 'GET PUT',
  'operator/autopilot/health': 'GET',
  'operator/autopilot/state': 'GET',
  'operator/keyring': 'GET POST PUT DELETE',
  'operator/license': 'GET PUT DELETE',
  'operator/raft/configuration': 'GET',
  'operator/raft/peer': 'DELETE',
  'operator/raft/transfer-leader': 'POST',
  'operator/segment': 'GET',
  'operator/usage': 'GET',
  'operator/utilization': 'GET',
  partition: 'PUT',
  'partition/:': 'GET PUT DELETE',
  partitions: 'GET',
  'peering/:': 'GET DELETE',
  'peering/establish': 'POST',
  'peering/token': 'POST',
  peerings: 'GET',
  query: 'GET POST',
  'query/:': 'GET PUT DELETE',
  'query/:/execute': 'GET',
  'query/:/explain': 'GET',
  'session/create': 'PUT',
  'session/destroy/:': 'PUT',
  'session/info/:': 'GET',
  'session/list': 'GET',
  'session/node/:': 'GET',
  'session/renew/:': 'PUT',
  snapshot: 'GET PUT',
  'status/leader': 'GET',
  'status/peers': 'GET',
  txn: 'PUT',
};

const STATUSES = ['supported', 'partly', 'without effect', 'not'];

const withoutNames = (path: string): string => path.replace(/:[a-z]+/g, ':');

/** The rows of the table of support: each endpoint, its path as in the table, and its status. */
const ROWS = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, endpoints = '', status = ''] = line.split('|').map((cell) => cell.trim());
    if (!STATUSES.includes(status)) return [];
    return [...endpoints.matchAll(/`([A-Z]+) ([^`]+)`/g)].map(([, method = '', path = '']) => ({
      endpoint: `${method} ${withoutNames(path)}`,
      method,
      path,
      status,
    }));
  });

describe('the table of supported endpoints', () => {
  it('has each endpoint of Consul once', () => {
    const all = Object.entries(ENDPOINTS).flatMap(([path, methods]) =>
      methods.split(' ').map((each) => `${each} ${path}`),
    );
    expect(ROWS.map(({ endpoint }) => endpoint).sort()).toEqual(all.sort());
  });

  it('is right about what is supported', async () => {
    const stage = new ConsulStage();
    const wrong: string[] = [];
    for (const { endpoint, method, path, status } of ROWS) {
      const place = path.replace(/:state/, 'any').replace(/:[a-z]+/g, 'x');
      const { status: code, text } = await stage.send(method, `/v1/${place}`, method === 'GET' ? undefined : '{}');
      const unknown = await stage.send(method, '/v1/no-such-endpoint', method === 'GET' ? undefined : '{}');
      const isUnknown = code === unknown.status && text === unknown.text;
      const isThere = !isUnknown && ![405, 501].includes(code) && code < 502;
      const isRefused = [401, 404, 501].includes(code);
      if (status === 'not' ? !isRefused : !isThere) wrong.push(`${endpoint}, ${status}: ${code} ${text}`);
    }
    expect(wrong).toEqual([]);
  });
});
