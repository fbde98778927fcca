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

it('[A45] a namespace accepts sockets up to its limit, and a closed one frees its place', async () => {
  const { connect } = begin({ sockets: 2 });
  const first = connect('t');
  connect('u');
  expect(() => connect('v')).toThrow(refused('limits.sockets'));
  await first.close();
  connect('v');
});

it('[A45] a token has sockets up to the limit for each token; root is not counted', () => {
  const { connect } = begin({ perToken: { sockets: 1 } });
  connect('t');
  expect(() => connect('t')).toThrow(refused('limits.perToken.sockets'));
  for (const tokenId of ['u', 'root', 'root', 'root']) connect(tokenId);
});

it('[A45] a namespace and a token each have watches up to their limits', async () => {
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

it('[A45, N24] frames count towards the rate limits of their token', async () => {
  const { connect } = begin({ perToken: { requestsPerSecond: 2 } });
  const client = connect('t');
  for (const id of ['1', '2', '3']) await client.say({ type: 'resolve', id, service: 'orders' });
  await client.say({ type: 'session', id: '4' });
  expect(client.take().map(({ type }) => type)).toEqual(['answer', 'answer', 'error', 'error']);
});
