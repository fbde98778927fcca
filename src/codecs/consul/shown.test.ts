import { expect, it } from 'vitest';
import { readCheckRegistration } from './check';
import { readServiceRegistration } from './service';
import {
  aggregatedStatus,
  type CheckRecord,
  HEALTH_STATUSES,
  maintenanceCheck,
  showAgentService,
  showCatalogService,
  showCheck,
  showHealth,
  tagsByService,
} from './shown';

const node = {
  id: '40e4a748-2192-161a-0510-9bf59fe950b5',
  name: 'node1',
  address: '127.0.0.1',
  datacenter: 'dc1',
  taggedAddresses: { lan: '127.0.0.1' },
  meta: { 'consul-network-segment': '' },
  createIndex: 11,
  modifyIndex: 13,
};
const service = {
  ...readServiceRegistration({
    ID: 'web-1',
    Name: 'web',
    Tags: ['v1'],
    Address: '10.0.0.5',
    Port: 0,
    Meta: { k: 'v' },
  }),
  createIndex: 20,
  modifyIndex: 20,
};
const ttl: CheckRecord = {
  node: 'node1',
  id: 'service:web-1',
  name: "Service 'web' check",
  status: 'passing',
  notes: '',
  output: '',
  serviceId: 'web-1',
  serviceName: 'web',
  serviceTags: ['v1'],
  definition: readCheckRegistration({ Name: 'a', TTL: '15s' }),
  createIndex: 20,
  modifyIndex: 21,
};

it('health has a node, an instance and its checks, in the shape that clients decode', () => {
  expect(JSON.stringify(showHealth(node, service, [ttl]))).toBe(
    '{"Node":{"ID":"40e4a748-2192-161a-0510-9bf59fe950b5","Node":"node1","Address":"127.0.0.1","Datacenter":"dc1",' +
      '"TaggedAddresses":{"lan":"127.0.0.1"},"Meta":{"consul-network-segment":""},"CreateIndex":11,"ModifyIndex":13},' +
      '"Service":{"ID":"web-1","Service":"web","Tags":["v1"],"Address":"10.0.0.5","Meta":{"k":"v"},"Port":0,' +
      '"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,' +
      '"Proxy":{"Mode":"","MeshGateway":{},"Expose":{}},"Connect":{},"PeerName":"","CreateIndex":20,"ModifyIndex":20},' +
      '"Checks":[{"Node":"node1","CheckID":"service:web-1","Name":"Service \'web\' check","Status":"passing","Notes":"",' +
      '"Output":"","ServiceID":"web-1","ServiceName":"web","ServiceTags":["v1"],"Type":"ttl","Interval":"","Timeout":"",' +
      '"ExposedPort":0,"Definition":{"TTL":"15s"},"CreateIndex":20,"ModifyIndex":21}]}',
  );
});

it('the catalog has an instance and its node in one object', () => {
  const tagged = { ...service, taggedAddresses: { wan: { address: '1.2.3.4', port: 80 } } };
  expect(showCatalogService(node, service)).toMatchObject({
    Node: 'node1',
    NodeMeta: { 'consul-network-segment': '' },
    ServiceID: 'web-1',
    ServiceName: 'web',
    ServiceTags: ['v1'],
    ServiceKind: '',
    ServicePort: 0,
  });
  expect(showCatalogService(node, service)).not.toHaveProperty('ServiceTaggedAddresses');
  const wan = { wan: { Address: '1.2.3.4', Port: 80 } };
  expect(showCatalogService(node, tagged)).toHaveProperty('ServiceTaggedAddresses', wan);
  expect(showAgentService(tagged, 'dc1')).toEqual({
    ID: 'web-1',
    Service: 'web',
    Tags: ['v1'],
    Meta: { k: 'v' },
    Port: 0,
    Address: '10.0.0.5',
    TaggedAddresses: wan,
    Weights: { Passing: 1, Warning: 1 },
    EnableTagOverride: false,
    Datacenter: 'dc1',
  });
});

it('a check shows how it is run', () => {
  const definition = readCheckRegistration({
    Name: 'c',
    HTTP: 'https://a',
    Method: 'HEAD',
    Header: { a: ['b'] },
    TLSSkipVerify: true,
    Interval: '90s',
    Timeout: 5e8,
    DeregisterCriticalServiceAfter: '1m',
  });
  expect(showCheck({ ...ttl, definition })).toMatchObject({
    Type: 'http',
    Interval: '1m30s',
    Timeout: '500ms',
    Definition: {
      HTTP: 'https://a',
      Method: 'HEAD',
      Header: { a: ['b'] },
      TLSSkipVerify: true,
      Interval: '1m30s',
      Timeout: '500ms',
      DeregisterCriticalServiceAfter: '1m0s',
    },
  });
});

it('maintenance mode is a critical check of the instance or of its node', () => {
  const indexes = { createIndex: 1, modifyIndex: 1 };
  expect(showCheck(maintenanceCheck('node1', service, 'broken', indexes))).toMatchObject({
    CheckID: '_service_maintenance:web-1',
    Name: 'Service Maintenance Mode',
    Status: 'critical',
    Notes: 'broken',
    ServiceID: 'web-1',
    ServiceName: 'web',
    Type: 'maintenance',
  });
  expect(showCheck(maintenanceCheck('node1', undefined, '', indexes))).toMatchObject({
    CheckID: '_node_maintenance',
    Name: 'Node Maintenance Mode',
    Notes: 'Maintenance mode is enabled for this node, but no reason was provided. This is a default message.',
    ServiceID: '',
    ServiceTags: [],
    Type: 'maintenance',
  });
});

it('the worst check decides the status of an instance', () => {
  const [warning, critical] = [{ ...ttl, status: 'warning' } as const, { ...ttl, status: 'critical' } as const];
  const maintenance = maintenanceCheck('node1', service, '', { createIndex: 1, modifyIndex: 1 });
  const worst = [[], [ttl], [ttl, warning], [warning, critical], [maintenance, critical]].map(aggregatedStatus);
  expect(worst).toEqual(['passing', 'passing', 'warning', 'critical', 'maintenance']);
  expect(worst.map((status) => HEALTH_STATUSES[status])).toEqual([200, 200, 429, 503, 503]);
});

it('services are listed with the tags of all their instances', () => {
  const instances = [
    { name: 'web', tags: ['v2', 'v1'] },
    { name: '__proto__', tags: [] },
    { name: 'web', tags: ['v1', 'a'] },
  ];
  expect(JSON.stringify(tagsByService(instances))).toBe('{"web":["a","v1","v2"],"__proto__":[]}');
});
