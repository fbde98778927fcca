import { describe, expect, it } from 'vitest';
import { Scene } from '../../../../test/contracts/namespace/scene';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { type Frame, SocketClient } from '../../../../test/fixtures/socket-client';
import { ids, WatchStage } from '../../../../test/fixtures/watch-stage';
import { recordChanges } from '../../../../test/fixtures/watched-ids';
import { settle } from '../../../../test/simulation/virtual-time';
import { ServerFrame, type WatchedChange } from '../../../model/frames';
import { CREDIT_INITIAL_BYTES, FRAME_PART_MAX_BYTES } from '../../../model/limits';
import { addressed, changesFrames, SharedFrames } from './watch-frames';

const published = { revision: 7, cursor: 'cepoch.7.1', cause: 'updated', actor: 'owner', at: Date.UTC(2030, 0, 1) };
const change = (id: string) => ({
  of: { group: 'g', service: 's' },
  text: JSON.stringify({ type: 'delete', kind: 'instance', group: 'g', service: 's', id }),
});

const framesOf = (changes: ReturnType<typeof change>[]) =>
  changesFrames(published, changes).map((frame) => {
    const parsed = ServerFrame.parse(JSON.parse(addressed('changes', 'all "mine"', frame)));
    if (parsed.type !== 'changes') throw new Error('it is not a frame of changes');
    return parsed;
  });

describe('changesFrames', () => {
  it('makes one frame of a revision, addressed to its watch', () => {
    const changes = ['a', 'b'].map((id) => JSON.parse(change(id).text));
    expect(framesOf(['a', 'b'].map(change))).toEqual([
      { type: 'changes', watch: 'all "mine"', ...published, at: '2030-01-01T00:00:00.000Z', changes },
    ]);
  });

  it('[W2] splits a large revision into parts of limited size, complete and in order', () => {
    const changes = Array.from({ length: 20 }, (_, index) => change(String(index).padEnd(50_000, '-')));
    const frames = framesOf(changes);
    expect(frames.map(({ part, last }) => [part, last])).toEqual([
      [0, false],
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(new Set(frames.map(({ cursor }) => cursor))).toEqual(new Set([published.cursor]));
    expect(frames.flatMap((frame) => frame.changes.map((each) => JSON.stringify(each)))).toEqual(
      changes.map(({ text }) => text),
    );
    for (const frame of frames) expect(JSON.stringify(frame.changes).length).toBeLessThan(FRAME_PART_MAX_BYTES + 100);
  });

  it('[W2] allows one change to exceed the size of a part', () => {
    const frames = framesOf([change('a'), change('b'.repeat(FRAME_PART_MAX_BYTES)), change('c')]);
    expect(frames.map(({ changes }) => changes.length)).toEqual([1, 1, 1]);
  });
});

describe('SharedFrames', () => {
  it('are addressed to each watch by its own name, in any order', () => {
    const frames = changesFrames(published, [change('a'.repeat(FRAME_PART_MAX_BYTES)), change('b')]);
    const shared = new SharedFrames(frames);
    for (const watch of ['w', 'w', 'v', 'w']) {
      expect(shared.addressedTo(watch)).toEqual(frames.map((frame) => addressed('changes', watch, frame)));
    }
  });

  it('are built once for consecutive watches of the same name', () => {
    const shared = new SharedFrames(changesFrames(published, [change('a')]));
    expect(shared.addressedTo('w')).toBe(shared.addressedTo('w'));
  });
});

/** Returns the changes that watchers receive: live, and again from the journal. */
async function receivedTwice(act: (scene: Scene) => Promise<unknown>): Promise<WatchedChange[][]> {
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
  const received = changesOf(live);
  // Later changes of the same records must not show in frames about the past.
  await scene.override('a', { enabled: false });
  await scene.deregister('b');
  await scene.putService({ metadata: { team: 'late' } });
  const late = new SocketClient(namespace);
  await late.watch({}, { cursor });
  expect(changesOf(late).slice(0, received.length)).toEqual(received);
  expect(received).toHaveLength(1);
  return received;
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
  it('[W11] show an instance as of their revision, with its override', async () => {
    expect(await receivedTwice((scene) => scene.patch('a', { status: 'starting' }))).toEqual(
      changes(put('a', { weight: 7, status: 'starting', revision: 8 })),
    );
  });

  it('[W11] show an override in its instance, which keeps its own revision', async () => {
    expect(await receivedTwice((scene) => scene.override('a', { metadata: { by: 'operator' } }))).toEqual(
      changes(put('a', { weight: 2, metadata: { by: 'operator' }, overridden: true, revision: 2 })),
    );
    expect(await receivedTwice((scene) => scene.clearOverride('a'))).toEqual(
      changes(put('a', { weight: 2, overridden: false })),
    );
  });

  it('[W11] omit an override that outlives its instance until the instance is back', async () => {
    expect(await receivedTwice((scene) => scene.register('gone'))).toEqual(changes(put('gone', { weight: 9 })));
    const namespace = new NodeNamespace();
    const scene = new Scene(namespace);
    await scene.register('a');
    await scene.override('a', { weight: 9 });
    await scene.deregister('a');
    const client = new SocketClient(namespace);
    await client.watch();
    await scene.override('a', { weight: 8 });
    await scene.clearOverride('a');
    expect(client.takeInstances()).toBe('');
  });

  it('[W2, W11] show an instance and its override that change together as one change', async () => {
    const definition = { address: '10.0.0.9', port: 1 };
    const both = [
      { op: 'override', id: 'a', enabled: false },
      { op: 'register', id: 'a', ...definition },
    ];
    const once = changes(put('a', { address: '10.0.0.9', enabled: false }));
    expect(await receivedTwice((scene) => scene.batch(...both))).toEqual(once);
    expect(await receivedTwice((scene) => scene.batch(...both.toReversed()))).toEqual(once);
  });

  it('[W4] show the removal of an instance whose override changed in the same revision', async () => {
    const both = [
      { op: 'override', id: 'a', enabled: false },
      { op: 'deregister', id: 'a' },
    ];
    expect(await receivedTwice((scene) => scene.batch(...both))).toEqual(changes(gone('a')));
    expect(await receivedTwice((scene) => scene.batch(...both.toReversed()))).toEqual(changes(gone('a')));
  });

  it('[W11] show the service’s own settings', async () => {
    const service = { group: 'DEFAULT_GROUP', name: 'orders', persistent: true, protectThreshold: 0.5, revision: 8 };
    expect(await receivedTwice((scene) => scene.patchService({ metadata: { team: 'web' } }))).toEqual(
      changes({ type: 'put', kind: 'service', after: { ...service, metadata: { team: 'web' }, selector: undefined } }),
    );
  });

  it('[W2] show the removal of a service and its instances as one revision', async () => {
    expect(await receivedTwice((scene) => scene.removeService({ force: true }))).toEqual([
      expect.arrayContaining([
        expect.objectContaining(gone('a')),
        expect.objectContaining(gone('b')),
        { type: 'delete', kind: 'service', group: 'DEFAULT_GROUP', service: 'orders', id: '' },
      ]),
    ]);
  });
});

type Snapshot = Frame<'snapshot'>;

/** Returns the combined content of parts: instances by service. */
function shown(parts: Snapshot[]): Record<string, string[]> {
  const services: Record<string, string[]> = {};
  for (const { group, name, instances } of parts.flatMap((part) => part.services)) {
    const known = services[`${group}@@${name}`] ?? [];
    services[`${group}@@${name}`] = [...known, ...instances.map(({ id }) => id)];
  }
  return services;
}

async function snapshotOf(stage: WatchStage, scope: object = {}): Promise<Snapshot[]> {
  const client = stage.connect();
  await client.watch(scope);
  return client.takeOnly('snapshot');
}

/** A namespace with two groups and a service that has no instance. */
async function furnished(): Promise<WatchStage> {
  const stage = new WatchStage();
  const at = { op: 'register', address: '10.0.0.1', port: 1 };
  await stage.scene.batch(
    { ...at, id: 'b' },
    { ...at, id: 'a' },
    { ...at, group: 'shop', id: 'c' },
    { ...at, group: 'shop', service: 'users', id: 'd' },
  );
  await stage.scene.putService({ metadata: { team: 'shop' } }, { service: 'empty' });
  return stage;
}

describe('a snapshot', () => {
  it('[W10] contains the same as lists and reads', async () => {
    const stage = await furnished();
    await stage.scene.override('a', { weight: 5 });
    const [snapshot, ...more] = await snapshotOf(stage, { services: ['orders', 'empty'] });
    expect(more).toEqual([]);
    expect(snapshot).toMatchObject({ revision: 3, cursor: await stage.scene.cursor() });
    expect(snapshot?.part).toBeUndefined();
    expect(snapshot?.services.map(({ name }) => name)).toEqual(['empty', 'orders']);
    expect(snapshot?.services[1]?.instances).toEqual((await stage.scene.list()).instances);
    expect(snapshot?.services[0]).toMatchObject({ persistent: true, metadata: { team: 'shop' }, revision: 2 });
    expect(snapshot?.services[1]).toMatchObject({ persistent: false, metadata: {}, revision: 0 });
  });

  it('[W9, W10] shows the services of its scope, in order', async () => {
    const cases = [
      [{}, ['DEFAULT_GROUP@@empty', 'DEFAULT_GROUP@@orders', 'shop@@orders', 'shop@@users']],
      [{ groups: ['shop'] }, ['shop@@orders', 'shop@@users']],
      [{ groups: ['shop'], services: ['orders'] }, ['DEFAULT_GROUP@@orders', 'shop@@orders', 'shop@@users']],
      [{ services: ['users', 'shop@@users', 'shop@@users'] }, ['shop@@users']],
      [{ services: ['nothing'] }, []],
    ] as const;
    for (const [scope, services] of cases) {
      expect(Object.keys(shown(await snapshotOf(await furnished(), scope)))).toEqual(services);
    }
  });

  it('[W10] omits a service that only the journal contains', async () => {
    const stage = new WatchStage();
    await stage.scene.register('a');
    await stage.scene.deregister('a');
    expect(await snapshotOf(stage)).toMatchObject([{ services: [] }]);
  });

  it('[W10] has parts if it is large: a service continues in the next part, and the cursor is valid at the last', async () => {
    const stage = await furnished();
    await stage.registerBulk(...ids(80));
    const parts = await snapshotOf(stage);
    expect(parts.map(({ part, last }) => [part, last])).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
    expect(shown(parts)).toEqual({
      'DEFAULT_GROUP@@empty': [],
      'DEFAULT_GROUP@@orders': ['a', 'b', ...ids(80)],
      'shop@@orders': ['c'],
      'shop@@users': ['d'],
    });
    expect(new Set(parts.map(({ cursor }) => cursor))).toEqual(new Set([await stage.scene.cursor()]));
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(FRAME_PART_MAX_BYTES + 20_000);
  });

  it('[W10] has parts if there are many services', async () => {
    const stage = new WatchStage();
    const names = ids(70);
    const metadata = { a: 'x'.repeat(8_000) };
    for (const service of names) await stage.scene.putService({ metadata }, { service });
    const parts = await snapshotOf(stage);
    expect(parts.length).toBe(3);
    expect(Object.keys(shown(parts))).toEqual(names.map((name) => `DEFAULT_GROUP@@${name}`));
  });

  it('[W8] is sent when its whole content is durable', async () => {
    const stage = new WatchStage();
    stage.disk.hold();
    const registering = stage.scene.register('a');
    const client = stage.connect();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: {} });
    expect(client.takeOnly('snapshot')).toEqual([]);
    stage.disk.release();
    await registering;
    await settle();
    expect(client.take()).toMatchObject([{ type: 'snapshot', revision: 1, services: [{ instances: [{ id: 'a' }] }] }]);
  });
});

describe('the later parts of a snapshot', () => {
  it('[W8] are sent when their whole content is durable', async () => {
    const stage = new WatchStage();
    await stage.registerBulk(...ids(60));
    const client = stage.connect();
    stage.disk.hold();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: {} });
    expect(client.takeOnly('snapshot').map(({ part, last }) => [part, last])).toEqual([[0, false]]);
    const registering = stage.scene.register('z');
    await settle();
    // The next part is due, and the registration that it shows is written; its sync has not completed.
    stage.disk.step(1);
    await settle();
    expect(client.takeOnly('snapshot')).toEqual([]);
    stage.disk.release();
    await registering;
    await settle();
    const [part] = client.takeOnly('snapshot');
    expect(part).toMatchObject({ part: 1, last: true, revision: 2 });
    expect(part?.services[0]?.instances.at(-1)?.id).toBe('z');
  });
});

describe('a snapshot sent as credit permits', () => {
  /** A watch of `orders` whose credit ended in the middle of its snapshot. */
  async function halfWay() {
    const stage = new WatchStage();
    await stage.scene.putService();
    for (let part = 0; part < 8; part++) await stage.registerBulk(...ids(90).map((id) => `${part}${id}`));
    const cursor = await stage.scene.cursor();
    const client = stage.connect();
    await client.watch();
    const first = client.takeOnly('snapshot');
    expect(first.at(-1)?.last).toBe(false);
    return { stage, scene: stage.scene, namespace: stage.namespace, client, first, cursor };
  }

  const grant = (client: SocketClient) => client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });

  it('[W4, W10] continues with the current state, and sends changes made meanwhile after it', async () => {
    const { scene, client, first, cursor } = await halfWay();
    await scene.deregister('0i00');
    await scene.deregister('7i80');
    await scene.register('7i99');
    expect(client.take()).toEqual([]);
    await grant(client);
    const frames = client.take();
    const rest = frames.filter((frame): frame is Snapshot => frame.type === 'snapshot');
    const instances = shown([...first, ...rest])['DEFAULT_GROUP@@orders'] ?? [];
    expect([instances.includes('0i00'), instances.includes('7i80'), instances.includes('7i99')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(rest.map((part) => part.cursor)).toEqual(rest.map(() => cursor));
    expect(rest.map(({ revision }) => revision)).toEqual(rest.map(() => 12));
    const changes = frames.flatMap((frame) => (frame.type === 'changes' ? frame.changes : []));
    expect(recordChanges(changes).map(({ type, id }) => `${type} ${id}`)).toEqual([
      'delete 0i00',
      'delete 7i80',
      'put 7i99',
    ]);
    expect(frames.findIndex(({ type }) => type === 'changes')).toBe(rest.length);
  });

  it('[W14] continues where it was if the registry slept meanwhile', async () => {
    const { scene, namespace, client, first } = await halfWay();
    await namespace.hibernate();
    await scene.register('late');
    await grant(client);
    const frames = client.take();
    const rest = frames.filter((frame): frame is Snapshot => frame.type === 'snapshot');
    expect(rest[0]?.part).toBe(first.length);
    expect(rest.at(-1)?.last).toBe(true);
    expect(shown([...first, ...rest])['DEFAULT_GROUP@@orders']).toHaveLength(8 * 90 + 1);
    expect(frames.at(-1)).toMatchObject({ type: 'changes', changes: [{ id: 'late' }] });
  });

  it('[W6] starts over if the journal was compacted before it was complete', async () => {
    const stage = new WatchStage({ maxCount: 10, maxAgeMs: 1e12, maxBytes: 1e12 });
    for (let part = 0; part < 8; part++) await stage.registerBulk(...ids(90).map((id) => `${part}${id}`));
    const client = stage.connect();
    await client.watch();
    client.take();
    for (let port = 1; port < 600; port++) await stage.scene.register('u', { port }, { service: 'users' });
    await stage.namespace.fireAlarm();
    await grant(client);
    await grant(client);
    await grant(client);
    const types = client
      .take()
      .map((frame) => (frame.type === 'snapshot' ? `part ${frame.part} ${frame.last}` : frame.type));
    const reset = types.indexOf('reset');
    expect(types[reset - 1]).toMatch(/true$/);
    expect(types[reset + 1]).toBe('part 0 false');
    expect(types.at(-1)).toMatch(/true$/);
  });
});
