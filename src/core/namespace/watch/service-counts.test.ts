import { describe, expect, it, vi } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { ids, WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { readJsonText } from '../../../model/json';
import type { ServiceSummary } from '../../../model/service';
import { ServiceCounts } from './service-counts';

const AT = { address: '10.0.0.1', port: 1 };

function stage() {
  const all = new WatchStage();
  const { scene, namespace } = all;
  /** A client with a watch that asks for counts. */
  const counting = async (scope: object = {}, cursor?: string) => {
    const client = all.connect();
    await client.watch(scope, { counts: true, observer: true, ...(cursor !== undefined && { cursor }) });
    return client;
  };
  const listed = async () => {
    const { body } = await namespace.api.listServices({});
    return body === null ? [] : readJsonText(body).services;
  };
  return { all, scene, namespace, counting, listed };
}

const shown = (counts: readonly ServiceSummary[] = []) =>
  counts.map(({ name, instances, available }) => `${name} ${available}/${instances}`);

describe('a watch with counts', () => {
  it('[W30] gets with each change the counts that the list of services has then', async () => {
    const { scene, namespace, counting, listed } = stage();
    const client = await counting();
    client.take();
    const steps = [
      () => scene.register('a'),
      () => scene.register('b', { weight: 0 }),
      () => scene.override('a', { quarantine: {} }),
      () => scene.clearOverride('a'),
      () => scene.drain('b', { graceMs: 20_000 }),
      () => namespace.pass(20_000),
    ];
    const seen: string[][] = [];
    for (const step of steps) {
      await step();
      const last = client.takeOnly('changes').at(-1);
      expect(last?.counts).toEqual(await listed());
      seen.push(shown(last?.counts));
    }
    expect(seen.slice(0, 4)).toEqual([['orders 1/1'], ['orders 1/2'], ['orders 0/2'], ['orders 1/2']]);
    await scene.deregister('a');
    expect(shown(client.takeOnly('changes').at(-1)?.counts)).toEqual(['orders 0/0']);
  });

  it('[W9, W30] gets those of all services in its scope that a revision changes, and of no other', async () => {
    const { all, scene, counting } = stage();
    const [every, orders] = [await counting(), await counting({ services: ['orders'] })];
    const plain = all.connect();
    await plain.watch();
    const frames = (client: typeof every) => client.takeOnly('changes').map(({ counts }) => counts && shown(counts));
    await scene.batch(
      { op: 'register', id: 'a', ...AT },
      { op: 'register', id: 'b', ...AT },
      { op: 'register', service: 'users', id: 'c', ...AT },
    );
    expect([frames(every), frames(orders), frames(plain)]).toEqual([
      [['orders 2/2', 'users 1/1']],
      [['orders 2/2']],
      [undefined],
    ]);
  });

  it('[W2, W30] gets them in the last part of a large revision', async () => {
    const { all, counting } = stage();
    const client = await counting();
    client.take();
    await all.registerBulk(...ids(70));
    const frames = client.takeOnly('changes');
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.map(({ last, counts }) => [last, counts?.[0]?.instances])).toEqual(
      frames.map((_, index) => (index < frames.length - 1 ? [false, undefined] : [true, 70])),
    );
  });

  it('[W5, W30] that resumes gets them with the last change of each service', async () => {
    const { scene, counting } = stage();
    const cursor = await scene.cursor();
    for (const id of ['a', 'b']) await scene.register(id);
    await scene.register('u', {}, { service: 'users' });
    await scene.register('c');
    const client = await counting({}, cursor);
    expect(client.takeOnly('changes').map(({ counts }) => shown(counts))).toEqual([
      [],
      [],
      ['users 1/1'],
      ['orders 3/3'],
    ]);
  });

  it('[W14, W30] still gets them after the registry has slept', async () => {
    const { scene, namespace, counting } = stage();
    const client = await counting();
    client.take();
    await namespace.hibernate();
    await scene.register('a');
    expect(client.takeOnly('changes').map(({ counts }) => shown(counts))).toEqual([['orders 1/1']]);
  });

  it('[I3, W8, W30] gets none of a change that is not durable yet', async () => {
    const { all, scene, counting } = stage();
    const cursor = await scene.cursor();
    await scene.register('a');
    all.disk.hold();
    void scene.register('b');
    await settle();
    const opening = counting({}, cursor);
    await settle();
    all.disk.release();
    const client = await opening;
    await settle();
    expect(client.takeOnly('changes').map(({ revision, counts }) => [revision, shown(counts)])).toEqual([
      [1, []],
      [2, ['orders 2/2']],
    ]);
  });

  it('[I8] writes no further rows', async () => {
    const { all, scene, counting } = stage();
    await counting();
    await scene.register('a', { ephemeral: false });
    all.disk.takeWritten();
    await scene.patch('a', { weight: 2 });
    expect(Object.values(all.disk.takeWritten())).toEqual([1, 1]);
  });

  it('that ends leaves the others theirs', async () => {
    const { scene, counting } = stage();
    const [one, two] = [await counting(), await counting()];
    await one.say({ type: 'unwatch', id: '1', watch: 'w' });
    await scene.register('a');
    expect(two.takeOnly('changes').map(({ counts }) => shown(counts))).toEqual([['orders 1/1']]);
  });
});

describe('ServiceCounts', () => {
  it('[W30] counts each service once for a revision, for any number of watches', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const { catalog, journal } = awake.state;
    const lookups = vi.spyOn(catalog, 'service');
    const counts = new ServiceCounts(catalog, journal.revision);
    const frames = ['"changes":[]}'];
    const first = counts.addedTo(frames, [{ of: ORDERS }, { of: ORDERS }, { of: { key: 'a' } }]);
    expect(first[0]).toMatch(/^"changes":\[\],"counts":\[\{"name":"orders",.*"instances":1,.*\}\]\}$/);
    expect(counts.addedTo(frames, [{ of: ORDERS }])).toEqual(first);
    expect(lookups).toHaveBeenCalledTimes(1);
  });

  it('leaves out a service that has changed since, and one that is unknown', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const { revision } = awake.state.journal;
    awake.put('b');
    const frames = ['"changes":[]}'];
    const earlier = new ServiceCounts(awake.state.catalog, revision);
    expect(earlier.addedTo(frames, [{ of: ORDERS }, { of: { ...ORDERS, service: 'unknown' } }])).toEqual(frames);
  });
});
