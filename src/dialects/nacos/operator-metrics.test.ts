import { expect, it } from 'vitest';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { InstanceDefinition } from '../../model/instance';
import { readJsonText } from '../../model/json';
import { metricsOf } from './operator-metrics';

it('[Y14] counts what a namespace holds', async () => {
  const namespace = new NodeNamespace();
  for (const [id, ephemeral] of [
    ['a', true],
    ['b', true],
    ['c', false],
  ] as const) {
    await namespace.api.register(
      { tokenId: 't' },
      {
        key: { group: 'g', service: 's', id },
        definition: InstanceDefinition.parse({ address: '10.0.0.1', port: 80, ephemeral }),
        precondition: {},
      },
    );
  }
  expect(metricsOf(readJsonText((await namespace.api.stats()).body))).toEqual({
    status: 'UP',
    serviceCount: 1,
    instanceCount: 3,
    subscribeCount: 0,
    responsibleInstanceCount: 3,
    clientCount: 3,
    connectionBasedClientCount: 0,
    ephemeralIpPortClientCount: 2,
    persistentIpPortClientCount: 1,
    responsibleClientCount: 3,
  });
});
