import { expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import type { ChangesFrame, SnapshotFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';
import { WatchedInstances } from './watched-instances';

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

it('reports instances as they are added, changed and removed', () => {
  const watched = new WatchedInstances();
  expect(watched.take(snapshot(clientInstance('b'), clientInstance('a')))).toEqual([]);
  expect(watched.list.map(({ id }) => id)).toEqual(['a', 'b']);

  const changed = clientInstance('a', { weight: 5 });
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

it('starts again with a snapshot, and ignores bookmarks', () => {
  const watched = new WatchedInstances();
  watched.take(snapshot(clientInstance('a')));
  expect(watched.take({ type: 'bookmark', cursor: 'c9' })).toEqual([]);
  expect(watched.list).toHaveLength(1);
  watched.take(snapshot(clientInstance('c')));
  expect(watched.list.map(({ id }) => id)).toEqual(['c']);
});
