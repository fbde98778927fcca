import { expect, it } from 'vitest';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { LeaseCalls } from '../../../../test/fixtures/lease-calls';
import { MADE_UP_LAYOUTS } from '../../../../test/fixtures/made-up-layouts';
import type { Frame, SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';

const SHOWN = { kind: 'roster', prefix: 'shown/', show: true };

async function stage() {
  const all = new WatchStage();
  all.namespace.platform.layouts = MADE_UP_LAYOUTS;
  // Layouts are those of a wake.
  await all.namespace.restart();
  await all.namespace.configure({ retention: {}, limits: {}, layouts: [SHOWN] });
  await all.namespace.pass(1_000);
  return { all, entries: new EntryCalls(all.namespace.registry), leases: new LeaseCalls(all.namespace.registry) };
}

/** Returns a frame of changes in short form: `revision +key=value` for each put, `-key` for a delete. */
const inShort = ({ revision, changes }: Frame<'changes'>): string =>
  [
    revision,
    ...changes.map((change) => {
      if (change.kind !== 'entry') return change.type;
      return change.type === 'put' ? `+${change.key}=${change.after.value}` : `-${change.key}`;
    }),
  ].join(' ');

const taken = async (client: SocketClient) => {
  await settle();
  return client.takeOnly('changes').map(inShort);
};

it('[LO5, LO6, KV11] a watch of keys gets synthetic entries as they appear, change, end and come back', async () => {
  const { all, entries } = await stage();
  const client = all.connect();
  await client.watch({ keys: [{ prefix: 'shown/' }] });
  const cursor = client.takeOnly('snapshot')[0]?.cursor;
  const { scene } = all;
  await scene.register('a', { address: '10.0.0.1', port: 80 });
  await scene.override('a', { enabled: false });
  await scene.clearOverride('a');
  await entries.put('shown/orders/a', 'mine');
  await scene.register('a', { address: '10.0.0.1', port: 81 });
  await entries.delete('shown/orders/a');
  await scene.deregister('a');
  const changes = [
    '1 +shown/orders/a=10.0.0.1:80',
    '2 -shown/orders/a',
    '3 +shown/orders/a=10.0.0.1:80',
    '4 +shown/orders/a=mine',
    '6 +shown/orders/a=10.0.0.1:81',
    '7 -shown/orders/a',
  ];
  expect(await taken(client)).toEqual(changes);
  const late = all.connect();
  await late.watch({ keys: [{ prefix: 'shown/' }] }, { cursor });
  expect(await taken(late)).toEqual(changes);
});

it('[LO2, LO5, W2] an entry, its instance and what follows from that arrive as one revision', async () => {
  const { all, leases } = await stage();
  await all.namespace.configure({
    retention: {},
    limits: {},
    layouts: [{ ...SHOWN, kind: 'cards', prefix: 'cards/' }],
  });
  await all.namespace.pass(1_000);
  const client = all.connect();
  await client.watch({
    services: ['orders'],
    keys: [{ prefix: '' }],
  });
  client.take();
  const { id } = await leases.grant();
  await leases.put(`orders/${id}`, '10.0.0.1:80', id);
  await leases.revoke(id);
  const shown = JSON.stringify({
    group: 'DEFAULT_GROUP',
    service: 'orders',
    id,
    place: '10.0.0.1:80',
    metadata: {},
    weight: 1,
  });
  expect(await taken(client)).toEqual([
    `1 put +orders/${id}=10.0.0.1:80 +cards/orders/${id}=${shown}`,
    `2 delete -orders/${id} -cards/orders/${id}`,
  ]);
});
