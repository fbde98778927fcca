import { expect, it } from 'vitest';
import { refusalOfCall } from '../../../test/fixtures/consul-refusal';
import { eachRow } from '../../../test/fixtures/every-row';
import { readCatalogRegistration, readCatalogRemoval } from './catalog';

it('a registration in the catalog is read from clients', () => {
  const registration = readCatalogRegistration({
    Datacenter: 'dc1',
    ID: '40e4a748-2192-161a-0510-9bf59fe950b5',
    Node: 'node1',
    Address: '10.0.0.1',
    TaggedAddresses: { lan: '10.0.0.1' },
    NodeMeta: { rack: '1' },
    Service: { ID: 'web-1', Service: 'web', Tags: null, Port: 80, Weights: { Passing: 0, Warning: 0 } },
    Check: {
      Node: 'NODE1',
      CheckID: 'service:web-1',
      Name: 'Web',
      Status: 'passing',
      ServiceID: 'web-1',
      Definition: { TCP: '10.0.0.1:80', Interval: '0s', IntervalDuration: '5s', TimeoutDuration: '1s' },
    },
    Checks: [{ Name: 'memory' }],
    SkipNodeUpdate: false,
  });
  expect(registration).toMatchObject({
    node: {
      id: '40e4a748-2192-161a-0510-9bf59fe950b5',
      name: 'node1',
      address: '10.0.0.1',
      datacenter: 'dc1',
      taggedAddresses: { lan: '10.0.0.1' },
      meta: { rack: '1' },
    },
    service: { id: 'web-1', name: 'web', tags: [], port: 80, weights: { passing: 1, warning: 1 } },
    skipNodeUpdate: false,
  });
  expect(registration.checks).toMatchObject([
    { node: 'node1', id: 'memory', name: 'memory', status: 'critical', serviceId: '' },
    {
      node: 'NODE1',
      id: 'service:web-1',
      status: 'passing',
      serviceId: 'web-1',
      definition: { kind: 'tcp', tcp: '10.0.0.1:80', interval: 5e9, timeout: 1e9 },
    },
  ]);
});

it('a registration of a node alone, as python-consul sends it, has neither service nor checks', () => {
  const registration = readCatalogRegistration({ node: 'n1', address: '10.1.10.11', WriteRequest: { Token: 'x' } });
  expect(registration).toMatchObject({ node: { name: 'n1', id: '' }, service: undefined, checks: [] });
  expect(readCatalogRegistration({ Node: 'n1', SkipNodeUpdate: true }).skipNodeUpdate).toBe(true);
});

it('a registration in the catalog is refused with the texts of Consul', () =>
  eachRow(
    [
      [{ Address: 'a' }, '400 Must provide node'],
      [{ Node: 'n' }, '400 Must provide address if SkipNodeUpdate is not set'],
      [{ Node: 'n', Address: 'a', ID: 'x' }, '400 Bad node ID: uuid string is wrong length'],
      [
        { Node: 'n', Address: 'a', Service: { ID: 'x' } },
        '400 Must provide service name (Service.Service) when service ID is provided',
      ],
      [{ Node: 'n', Address: 'a', Service: { Service: 'x', Address: '0.0.0.0' } }, '400 Invalid service address'],
      [
        { Node: 'n', Address: 'a', Check: { Node: 'm', Name: 'c' } },
        "400 Node 'm' for check 'c' doesn't match register request node 'n'",
      ],
    ],
    (body, expected) => {
      expect(refusalOfCall(() => readCatalogRegistration(body))).toBe(expected);
    },
  ));

it('a removal names a service, or else a check, or else the node', () => {
  const both = { Node: 'n', ServiceID: 's', CheckID: 'c' };
  expect(readCatalogRemoval(both)).toEqual({ kind: 'service', node: 'n', serviceId: 's' });
  expect(readCatalogRemoval({ node: 'n', checkid: 'c' })).toEqual({ kind: 'check', node: 'n', checkId: 'c' });
  expect(readCatalogRemoval({ Node: 'n', Address: 'obsolete' })).toEqual({ kind: 'node', node: 'n' });
  expect(refusalOfCall(() => readCatalogRemoval({ ServiceID: 's' }))).toBe('400 Must provide node');
});
