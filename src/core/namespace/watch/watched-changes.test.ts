import { describe, expect, it } from 'vitest';
import { Scene } from '../../../../test/contracts/namespace/scene';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SocketClient } from '../../../../test/fixtures/socket-client';
import type { WatchedChange } from '../../../model/frames';

/** What one change tells: as it happens, and again from the journal. */
async function toldTwice(act: (scene: Scene) => Promise<unknown>): Promise<WatchedChange[][]> {
  const namespace = new NodeNamespace();
  const scene = new Scene(namespace);
  await scene.putService({ metadata: { team: 'shop' }, protectThreshold: 0.5 });
  await scene.register('a', { weight: 2 });
  await scene.override('a', { weight: 7 });
  await scene.register('b');
  await scene.register('gone');
  await scene.override('gone', { weight: 9 });
  await scene.deregister('gone');
  const cursor = await scene.cursor();
  const live = new SocketClient(namespace);
  await live.watch({}, { cursor });
  await act(scene);
  const changesOf = (client: SocketClient) => client.takeOnly('changes').map(({ changes }) => changes);
  const told = changesOf(live);
  // Later changes of the same records must not show in what is told of the past.
  await scene.override('a', { enabled: false });
  await scene.deregister('b');
  await scene.putService({ metadata: { team: 'late' } });
  const late = new SocketClient(namespace);
  await late.watch({}, { cursor });
  expect(changesOf(late).slice(0, told.length)).toEqual(told);
  expect(told).toHaveLength(1);
  return told;
}

const put = (id: string, after: object) => ({
  type: 'put',
  kind: 'instance',
  id,
  after: expect.objectContaining(after),
});
const gone = (id: string) => ({ type: 'delete', kind: 'instance', id });
const changes = (...list: object[]) => [list.map((change) => expect.objectContaining(change))];

describe('watched changes', () => {
  it('[W11] show an instance as it was at their revision, under its override', async () => {
    expect(await toldTwice((scene) => scene.patch('a', { status: 'starting' }))).toEqual(
      changes(put('a', { weight: 7, status: 'starting', revision: 8 })),
    );
  });

  it('[W11] show an override in its instance, which keeps its own revision', async () => {
    expect(await toldTwice((scene) => scene.override('a', { metadata: { by: 'operator' } }))).toEqual(
      changes(put('a', { weight: 2, metadata: { by: 'operator' }, overridden: true, revision: 2 })),
    );
    expect(await toldTwice((scene) => scene.clearOverride('a'))).toEqual(
      changes(put('a', { weight: 2, overridden: false })),
    );
  });

  it('[W11] show an override that outlives its instance nowhere, until the instance is back', async () => {
    expect(await toldTwice((scene) => scene.register('gone'))).toEqual(changes(put('gone', { weight: 9 })));
    const namespace = new NodeNamespace();
    const scene = new Scene(namespace);
    await scene.register('a');
    await scene.override('a', { weight: 9 });
    await scene.deregister('a');
    const client = new SocketClient(namespace);
    await client.watch();
    await scene.override('a', { weight: 8 });
    await scene.clearOverride('a');
    expect(client.told()).toBe('');
  });

  it('[W2, W11] show an instance and its override that change together as one change', async () => {
    const definition = { address: '10.0.0.9', port: 1 };
    const both = [
      { op: 'override', id: 'a', enabled: false },
      { op: 'register', id: 'a', ...definition },
    ];
    const once = changes(put('a', { address: '10.0.0.9', enabled: false }));
    expect(await toldTwice((scene) => scene.batch(...both))).toEqual(once);
    expect(await toldTwice((scene) => scene.batch(...both.toReversed()))).toEqual(once);
  });

  it('[W4] tell that an instance is gone whose override changed in the same revision', async () => {
    const both = [
      { op: 'override', id: 'a', enabled: false },
      { op: 'deregister', id: 'a' },
    ];
    expect(await toldTwice((scene) => scene.batch(...both))).toEqual(changes(gone('a')));
    expect(await toldTwice((scene) => scene.batch(...both.toReversed()))).toEqual(changes(gone('a')));
  });

  it('[W11] show what a service has of its own', async () => {
    const service = { group: 'DEFAULT_GROUP', name: 'orders', persistent: true, protectThreshold: 0.5, revision: 8 };
    expect(await toldTwice((scene) => scene.patchService({ metadata: { team: 'web' } }))).toEqual(
      changes({ type: 'put', kind: 'service', after: { ...service, metadata: { team: 'web' }, selector: undefined } }),
    );
  });

  it('[W2] tell of a service that is removed with its instances as one revision', async () => {
    expect(await toldTwice((scene) => scene.removeService({ force: true }))).toEqual([
      expect.arrayContaining([
        expect.objectContaining(gone('a')),
        expect.objectContaining(gone('b')),
        { type: 'delete', kind: 'service', group: 'DEFAULT_GROUP', service: 'orders', id: '' },
      ]),
    ]);
  });
});
