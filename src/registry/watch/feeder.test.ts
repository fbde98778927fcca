import { describe, expect, it } from 'vitest';
import { Scene } from '../../../test/contracts/namespace/scene';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { SocketClient } from '../../../test/fixtures/socket-client';
import { settle } from '../../../test/simulation/virtual-time';

function stage() {
  const namespace = new NodeNamespace();
  return { namespace, scene: new Scene(namespace), client: new SocketClient(namespace) };
}

describe('Feeder', () => {
  it('[W4] misses no commit that is on its way to the disk while a watch resumes', async () => {
    const { namespace, scene, client } = stage();
    const { cursor } = await scene.register('a');
    namespace.platform.storage.hold();
    const registering = scene.register('b');
    await settle();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: {}, cursor });
    namespace.platform.storage.release();
    await registering;
    await settle();
    expect(client.told()).toBe('+b');
  });
});
