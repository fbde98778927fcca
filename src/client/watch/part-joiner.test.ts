import { describe, expect, it } from 'vitest';
import type { SnapshotService, WatchedChange } from '../wire/frames';
import type { Instance } from '../wire/instance';
import type { WatchWireFrame } from '../wire/wire-frame';
import { PartJoiner } from './part-joiner';

/** `as`: the joiner looks at nothing else of an instance. */
const instance = (service: string, id: string, revision: number) => ({ group: 'g', service, id, revision }) as Instance;

const service = (name: string, instances: [id: string, revision: number][]): SnapshotService => ({
  group: 'g',
  name,
  persistent: false,
  metadata: {},
  protectThreshold: 0,
  revision: 0,
  instances: instances.map(([id, revision]) => instance(name, id, revision)),
});

const put = (id: string, revision: number): WatchedChange => ({
  type: 'put',
  kind: 'instance',
  group: 'g',
  service: 'orders',
  id,
  after: instance('orders', id, revision),
});

const removal = (id: string): WatchedChange => ({
  type: 'delete',
  kind: 'instance',
  group: 'g',
  service: 'orders',
  id,
});

const snapshot = (services: SnapshotService[], part?: number, last?: boolean): WatchWireFrame => ({
  type: 'snapshot',
  watch: 'w',
  cursor: 'c.5',
  revision: 5,
  services,
  ...(part !== undefined && { part, last }),
});

const changes = (revision: number, list: WatchedChange[], part?: number, last?: boolean): WatchWireFrame => ({
  type: 'changes',
  watch: 'w',
  cursor: `c.${revision}`,
  revision,
  cause: 'registered',
  actor: 'root',
  at: '2026-09-18T12:00:00.000Z',
  changes: list,
  ...(part !== undefined && { part, last }),
});

describe('parts', () => {
  it('of a snapshot are joined, with a service that continues in the next part', () => {
    const joiner = new PartJoiner();
    expect(joiner.take(snapshot([service('a', [['1', 1]]), service('b', [['1', 2]])], 0, false))).toBeUndefined();
    expect(joiner.take(snapshot([service('b', [['2', 3]])], 1, false))).toBeUndefined();
    expect(joiner.take(snapshot([service('c', [])], 2, true))).toEqual({
      type: 'snapshot',
      cursor: 'c.5',
      revision: 5,
      services: [
        service('a', [['1', 1]]),
        service('b', [
          ['1', 2],
          ['2', 3],
        ]),
        service('c', []),
      ],
    });
  });

  it('of a revision are joined', () => {
    const joiner = new PartJoiner();
    joiner.take(snapshot([]));
    expect(joiner.take(changes(6, [put('1', 6)], 0, false))).toBeUndefined();
    expect(joiner.take(changes(6, [put('2', 6), removal('3')], 1, true))).toMatchObject({
      type: 'changes',
      cursor: 'c.6',
      changes: [put('1', 6), put('2', 6), removal('3')],
    });
  });

  it('are dropped when the connection breaks, and arrive again as a whole', () => {
    const joiner = new PartJoiner();
    joiner.take(snapshot([]));
    joiner.take(changes(6, [put('1', 6)], 0, false));
    joiner.broken();
    joiner.take(changes(6, [put('1', 6)], 0, false));
    expect(joiner.take(changes(6, [put('2', 6)], 1, true))).toMatchObject({ changes: [put('1', 6), put('2', 6)] });
  });
});

describe('a known change', () => {
  it('is skipped if a later part of the snapshot has a newer record', () => {
    const joiner = new PartJoiner();
    joiner.take(
      snapshot([
        service('orders', [
          ['1', 4],
          ['2', 7],
        ]),
      ]),
    );
    // The change of 2 at 6 is older than what is known of it; that at 7 is what is known.
    expect(joiner.take(changes(6, [put('1', 6), put('2', 6)]))).toMatchObject({ changes: [put('1', 6)] });
    expect(joiner.take(changes(7, [put('2', 7)]))).toEqual({ type: 'bookmark', cursor: 'c.7' });
    expect(joiner.take(changes(8, [removal('2')]))).toMatchObject({ type: 'changes', changes: [removal('2')] });
  });

  it('is skipped if it removes a record that was created again since', () => {
    const joiner = new PartJoiner();
    joiner.take(snapshot([service('orders', [['2', 7]])]));
    expect(joiner.take(changes(6, [removal('2')]))).toEqual({ type: 'bookmark', cursor: 'c.6' });
  });

  it('is recognized by the revision of a service too', () => {
    const joiner = new PartJoiner();
    const ahead = { ...service('orders', []), revision: 7 };
    joiner.take(snapshot([ahead]));
    const { instances: _, ...after } = { ...ahead, revision: 6 };
    const change: WatchedChange = { type: 'put', kind: 'service', group: 'g', service: 'orders', id: '', after };
    expect(joiner.take(changes(6, [change]))).toEqual({ type: 'bookmark', cursor: 'c.6' });
  });

  it('is skipped if its revision was seen before', () => {
    const joiner = new PartJoiner();
    joiner.take(snapshot([]));
    expect(joiner.take(changes(6, [put('1', 6)]))).toBeDefined();
    expect(joiner.take(changes(6, [put('1', 6)]))).toBeUndefined();
    expect(joiner.take(changes(5, [put('1', 5)]))).toBeUndefined();
  });

  it('is accepted after a reset, since another epoch may have lower revisions', () => {
    const joiner = new PartJoiner();
    joiner.take(snapshot([service('orders', [['1', 9]])]));
    joiner.take(changes(20, [put('2', 20)]));
    expect(joiner.take({ type: 'reset', watch: 'w', reason: 'unknown' })).toEqual({ type: 'reset', reason: 'unknown' });
    joiner.take({ type: 'snapshot', watch: 'w', cursor: 'c.1', revision: 1, services: [] });
    expect(joiner.take(changes(2, [put('1', 2)]))).toMatchObject({ changes: [put('1', 2)] });
  });

  it('is never found in a bookmark', () => {
    expect(new PartJoiner().take({ type: 'bookmark', watch: 'w', cursor: 'c.9' })).toEqual({
      type: 'bookmark',
      cursor: 'c.9',
    });
  });
});
