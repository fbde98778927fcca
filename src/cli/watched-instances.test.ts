import { expect, it } from 'vitest';
import type { ChangesFrame, SnapshotFrame } from '../client/frames';
import type { Instance } from '../client/instance';
import { WatchedInstances } from './watched-instances';

function instance(id: string, more: Partial<Instance> = {}): Instance {
  return {
    id,
    group: 'DEFAULT_GROUP',
    service: 'orders',
    cluster: 'DEFAULT',
    ports: {},
    weight: 1,
    status: 'up',
    ephemeral: true,
    metadata: {},
    tags: [],
    lease: null,
    extensions: {},
    enabled: true,
    quarantined: false,
    healthy: true,
    available: true,
    flapping: false,
    overridden: false,
    owner: 'root',
    createdRevision: 1,
    revision: 1,
    changes: 1,
    registeredAt: '2026-11-20T12:00:00.000Z',
    updatedAt: '2026-11-20T12:00:00.000Z',
    ...more,
  };
}

const names = { group: 'DEFAULT_GROUP', service: 'orders' };
const service = { ...names, name: 'orders', persistent: false, metadata: {}, protectThreshold: 0, revision: 0 };

function changes(cause: string, list: ChangesFrame['changes']): ChangesFrame {
  return {
    type: 'changes',
    cursor: 'c1',
    revision: 2,
    cause,
    actor: 'root',
    at: '2026-11-20T12:00:01.000Z',
    changes: list,
  };
}

function snapshot(...instances: Instance[]): SnapshotFrame {
  return { type: 'snapshot', cursor: 'c0', revision: 1, services: [{ ...service, instances }] };
}

it('follows instances as they come, change and go', () => {
  const watched = new WatchedInstances();
  expect(watched.take(snapshot(instance('b'), instance('a')))).toEqual([]);
  expect(watched.list.map(({ id }) => id)).toEqual(['a', 'b']);

  const changed = instance('a', { weight: 5 });
  const events = watched.take(
    changes('updated', [
      { type: 'put', kind: 'instance', ...names, id: 'a', after: changed },
      { type: 'delete', kind: 'instance', ...names, id: 'b' },
      { type: 'put', kind: 'service', ...names, id: '', after: service },
    ]),
  );
  expect(events).toMatchObject([
    { cause: 'updated', actor: 'root', instance: { id: 'a', weight: 5 }, isGone: false },
    { cause: 'updated', instance: { id: 'b' }, isGone: true },
  ]);
  expect(watched.list).toEqual([changed]);
});

it('begins anew with a snapshot, and makes nothing of a bookmark', () => {
  const watched = new WatchedInstances();
  watched.take(snapshot(instance('a')));
  expect(watched.take({ type: 'bookmark', cursor: 'c9' })).toEqual([]);
  expect(watched.list).toHaveLength(1);
  watched.take(snapshot(instance('c')));
  expect(watched.list.map(({ id }) => id)).toEqual(['c']);
});
