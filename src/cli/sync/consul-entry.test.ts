import { describe, expect, it } from 'vitest';
import { instanceView } from '../../../test/fixtures/instance-view';
import { check, healthEntry, serfHealth } from '../../../test/sync/fake-consul';
import { Nodes, recordsOf } from '../../codecs/consul/records';
import { showService } from '../../codecs/consul/shown';
import { InstanceDefinition } from '../../model/instance';
import { fromConsul } from './consul-entry';

const LONG_TAG = `v-${'0123456789abcdef'.repeat(40)}`;

describe('an instance of Consul', () => {
  it('[K26] is copied with its node, id, tags, weights and checks', () => {
    const entry = healthEntry(
      'web-1',
      { Tags: ['v1', 'v1', LONG_TAG], Weights: { Passing: 3, Warning: 1 }, EnableTagOverride: true },
      [check('service:web-1', 'warning', { Output: 'slow' }), check('disk', 'passing', { Output: 'at 12:00:01' })],
    );
    const found = fromConsul(entry);
    expect(found).toEqual({
      group: 'DEFAULT_GROUP',
      service: 'web',
      id: 'web-1@host-1',
      body: {
        node: 'host-1',
        address: '10.0.0.5',
        port: 8080,
        weight: 3,
        status: 'up',
        metadata: { k: 'v' },
        tags: ['v1'],
        extensions: {
          consul: {
            id: 'web-1',
            node: 'host-1',
            tags: ['v1', 'v1', LONG_TAG],
            weights: { passing: 3, warning: 1 },
            enableTagOverride: true,
            copied: true,
            checks: [
              { id: 'service:web-1', name: "Service 'web' check", status: 'warning', output: 'slow' },
              { id: 'disk', name: "Service 'web' check", status: 'passing' },
            ],
          },
        },
      },
    });
    expect(InstanceDefinition.safeParse(found?.body)).toMatchObject({ success: true });
  });

  it('[K26] is shown to clients of Consul as it is there, and critical when the mirror has ended', () => {
    const entry = healthEntry('web-1', { Tags: ['v1', LONG_TAG] }, [check('c', 'warning', { Output: 'slow' })]);
    const { id, body } = fromConsul(entry) ?? { id: '', body: {} };
    const shown = { id, service: 'web', ...body } as Parameters<typeof instanceView>[0]; // `as`: a valid registration, see above
    const { node, service, checks } = recordsOf(instanceView(shown), new Nodes([]));
    expect(node.name).toBe('host-1');
    const { CreateIndex: _, ModifyIndex: __, ...members } = entry.Service;
    expect(showService(service)).toMatchObject(members);
    expect(checks).toMatchObject([{ id: 'c', status: 'warning', output: 'slow', serviceId: 'web-1' }]);
    const late = recordsOf(instanceView({ ...shown, healthy: false }), new Nodes([]));
    expect(late.checks).toMatchObject([{ id: 'c', status: 'critical', output: 'its lease has expired' }]);
  });

  it.each([
    ['critical', check('service:web-1', 'critical'), 'down'],
    ['in maintenance', check('_service_maintenance:web-1', 'critical', { Notes: 'by hand' }), 'out-of-service'],
    ['on a node in maintenance', check('_node_maintenance', 'critical', { ServiceID: '' }), 'out-of-service'],
    ['on a node that is gone', serfHealth('critical'), 'down'],
    ['with a warning', check('service:web-1', 'warning'), 'up'],
  ])('[K26] that is %s has the same status here', (_, its, status) => {
    expect(fromConsul(healthEntry('web-1', {}, [its]))?.body.status).toBe(status);
  });

  it('[K26] has its secure address as a port', () => {
    const entry = healthEntry('web-1', { TaggedAddresses: { secure: { Address: '10.0.0.5', Port: 8443 } } });
    expect(fromConsul(entry)?.body).toMatchObject({ port: 8080, ports: { secure: { port: 8443, secure: true } } });
    const without = healthEntry('web-1', { TaggedAddresses: { secure: { Address: '10.0.0.5', Port: 0 } } });
    expect(fromConsul(without)?.body).not.toHaveProperty('ports');
  });

  it('[K26] has the address of its node, and no port, as in Consul', () => {
    const { body } = fromConsul(healthEntry('web-1', { Address: '', Port: 0 })) ?? {};
    expect(body).toMatchObject({ url: 'tcp://10.0.0.1', extensions: { consul: { address: '' } } });
    expect(body).not.toHaveProperty('port');
    expect(InstanceDefinition.safeParse(body)).toMatchObject({ success: true });
  });

  it('[K26] has the beginning of a long output', () => {
    const entry = healthEntry('web-1', {}, [check('c', 'critical', { Output: 'x'.repeat(4_096) })]);
    const output = `${'x'.repeat(512)} ... (captured 512 of 4096 bytes)`;
    expect(fromConsul(entry)?.body.extensions).toMatchObject({ consul: { checks: [{ output }] } });
  });

  it('[K26] is left out if it is a proxy of the mesh, or can not be called', () => {
    const proxy = healthEntry('web-1', { Kind: 'connect-proxy', Proxy: { DestinationServiceName: 'web' } });
    const nowhere = healthEntry('web-1', { Address: '' });
    nowhere.Node.Address = '';
    for (const entry of [proxy, nowhere, healthEntry('web-1', { Address: 'not a host' }), {}, null, 'web']) {
      expect(fromConsul(entry), JSON.stringify(entry)).toBeUndefined();
    }
  });
});
