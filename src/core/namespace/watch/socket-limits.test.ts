import { expect, it } from 'vitest';
import { socketPurpose } from '../../../../test/fixtures/socket-purpose';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import type { NamespaceLimits } from '../../../model/namespace';

/** A stage whose namespace has limits, and sockets that open as the host opens them. */
function begin(limits: NamespaceLimits) {
  const stage = new WatchStage();
  stage.namespace.state.settings.replace({ retention: {}, limits });
  const { registry, platform } = stage.namespace;
  const connect = (tokenId: string) => {
    registry.assertRoomForSocket(socketPurpose({ caller: { tokenId } }));
    const client = stage.connect({ caller: { tokenId } });
    registry.opened(platform.connections.connectionOf(client.socket));
    return client;
  };
  return { connect };
}

const refused = (name: string) =>
  expect.objectContaining({ code: 'LIMIT_EXCEEDED', message: expect.stringContaining(name) });

it('[A45] a namespace takes as many sockets as its limit says, and a closed one makes room', async () => {
  const { connect } = begin({ sockets: 2 });
  const first = connect('t');
  connect('u');
  expect(() => connect('v')).toThrow(refused('limits.sockets'));
  await first.close();
  connect('v');
});

it('[A45] a token has as many sockets as the limit for each says; root is not counted', () => {
  const { connect } = begin({ perToken: { sockets: 1 } });
  connect('t');
  expect(() => connect('t')).toThrow(refused('limits.perToken.sockets'));
  for (const tokenId of ['u', 'root', 'root', 'root']) connect(tokenId);
});

it('[A45] a namespace takes as many watches as its limit says, and so does a token', async () => {
  const { connect } = begin({ watches: 3, perToken: { watches: 2 } });
  const watch = (name: string) => ({ type: 'watch', id: name, watch: name, scope: {} });
  const [one, two, root] = [connect('t'), connect('t'), connect('root')];
  await one.watch({}, { watch: 'a' });
  await two.watch({}, { watch: 'a' });
  two.take();
  await two.say(watch('b'));
  expect(two.take()).toMatchObject([
    { type: 'error', code: 'LIMIT_EXCEEDED', detail: expect.stringMatching(/2 .*limits\.perToken\.watches/) },
  ]);
  await root.watch({}, { watch: 'a' });
  root.take();
  await root.say(watch('b'));
  expect(root.take()).toMatchObject([
    { type: 'error', code: 'LIMIT_EXCEEDED', detail: expect.stringMatching(/3 .*limits\.watches/) },
  ]);
});

it('[A45, N24] frames count against the rates of their token', async () => {
  const { connect } = begin({ perToken: { requestsPerSecond: 2 } });
  const client = connect('t');
  for (const id of ['1', '2', '3']) await client.say({ type: 'resolve', id, service: 'orders' });
  await client.say({ type: 'session', id: '4' });
  expect(client.take().map(({ type }) => type)).toEqual(['answer', 'answer', 'error', 'error']);
});
