import { describe, expect, it } from 'vitest';
import { instanceView } from '../../../test/fixtures/instance-view';
import type { Instance } from '../../client/wire/instance';
import type { ScopeChanges, ScopeSnapshot, WatchWireFrame } from '../../client/wire/wire-frame';
import { encodeCursor } from '../../model/cursor';
import { FrameParts, Replica, Replicas } from './replica';
import { ServiceListing } from './service-listing';
import { ServiceNames } from './service-names';

const ORDERS = { group: 'DEFAULT_GROUP', service: 'orders' };

const cursorAt = (revision: number, epoch: string): string => encodeCursor({ epoch, revision, check: 1 });
const instance = (id: string, revision: number): Instance =>
  // `as`: the client's type has the same members
  instanceView({ id, address: id, port: 80, revision }) as Instance;

function snapshot(revision: number, instances: Instance[], epoch = 'E1'): ScopeSnapshot {
  const service = { group: 'DEFAULT_GROUP', name: 'orders', persistent: false, metadata: {}, protectThreshold: 0 };
  const services = instances.length === 0 ? [] : [{ ...service, revision: 0, instances }];
  return { type: 'snapshot', cursor: cursorAt(revision, epoch), revision, services };
}

function changes(revision: number, { put = [], gone = [] }: { put?: Instance[]; gone?: string[] }, epoch = 'E1') {
  const all = [
    ...put.map((after) => ({ type: 'put' as const, kind: 'instance' as const, ...ORDERS, id: after.id, after })),
    ...gone.map((id) => ({ type: 'delete' as const, kind: 'instance' as const, ...ORDERS, id })),
  ];
  const facts = { cause: 'registered', actor: 'root', at: '2026-01-01T00:00:00.000Z' };
  const frame: ScopeChanges = { type: 'changes', cursor: cursorAt(revision, epoch), revision, ...facts, changes: all };
  return frame;
}

function shownBy({ content }: Replica<ServiceListing>): string[] {
  const { text } = content.listing(ORDERS, [], '');
  return (JSON.parse(text).hosts as { ip: string }[]).map(({ ip }) => ip).sort(); // `as`: hosts have it
}

describe('a replica', () => {
  it('[NG5] is as new as the newest of its watches, however far behind others are', () => {
    const replica = new Replica(new ServiceListing());
    replica.snapshot(snapshot(5, [instance('a', 1)]));
    replica.changes(changes(6, { put: [instance('b', 6)] }));
    // Of watches that began before, or that catch up.
    replica.snapshot(snapshot(4, []));
    replica.changes(changes(6, { put: [instance('b', 6)] }));
    replica.changes(changes(3, { gone: ['a'] }));
    expect(shownBy(replica)).toEqual(['a', 'b']);
    replica.changes(changes(7, { gone: ['a'] }));
    expect(shownBy(replica)).toEqual(['b']);
  });

  it('[NG5] keeps what a snapshot has that is newer than itself', () => {
    const replica = new Replica(new ServiceListing());
    replica.snapshot(snapshot(5, [instance('a', 8)]));
    replica.changes(changes(6, { gone: ['a'] }));
    replica.changes(changes(7, { put: [instance('b', 7)] }));
    expect(shownBy(replica)).toEqual(['a', 'b']);
    replica.changes(changes(8, { put: [instance('a', 8)] }));
    replica.changes(changes(9, { gone: ['a'] }));
    expect(shownBy(replica)).toEqual(['b']);
  });

  it('[NG5] follows the registry into a later history, and never back', () => {
    const replica = new Replica(new ServiceListing());
    replica.snapshot(snapshot(50, [instance('a', 1)]));
    replica.snapshot(snapshot(2, [instance('b', 1)], 'E2'));
    expect(shownBy(replica)).toEqual(['b']);
    replica.changes(changes(51, { put: [instance('c', 51)] }));
    replica.snapshot(snapshot(60, [instance('c', 51)]));
    expect(shownBy(replica)).toEqual(['b']);
    replica.changes(changes(3, { gone: ['b'] }, 'E2'));
    expect(shownBy(replica)).toEqual([]);
  });

  it('[NG7] of names reports services that come and go', () => {
    const names = new ServiceNames();
    const replica = new Replica(names);
    const touched: string[] = [];
    names.listeners.add(({ service }) => touched.push(`${service} ${names.has(ORDERS)}`));
    replica.snapshot(snapshot(1, []));
    replica.changes(changes(2, { put: [instance('a', 2)] }));
    replica.changes(changes(3, { put: [instance('b', 3)] }));
    replica.changes(changes(4, { gone: ['a'] }));
    replica.changes(changes(5, { gone: ['b'] }));
    expect(touched).toEqual(['orders true', 'orders false']);
  });

  it('is kept for as long as it has users', () => {
    const replicas = new Replicas(() => new ServiceListing());
    const [one, two] = [replicas.join('x'), replicas.join('x')];
    replicas.leave('x');
    expect([one === two, replicas.size]).toEqual([true, 1]);
    replicas.leave('x');
    replicas.leave('x');
    expect([replicas.size, replicas.join('x') === one]).toEqual([0, false]);
  });
});

it('[NG5] a frame in parts is applied as a whole, and begins again after a break', () => {
  const parts = new FrameParts();
  // `as`: a frame of a watch
  const part = (index: number, last: boolean, id: string) =>
    ({ ...snapshot(1, [instance(id, 1)]), watch: 'w', part: index, last }) as Extract<
      WatchWireFrame,
      { type: 'snapshot' }
    >;
  expect(parts.take(part(0, false, 'lost'))).toBeUndefined();
  parts.broken();
  expect(parts.take(part(0, false, 'a'))).toBeUndefined();
  const replica = new Replica(new ServiceListing());
  const whole = parts.take(part(1, true, 'b'));
  if (whole?.type === 'snapshot') replica.snapshot(whole);
  expect(shownBy(replica)).toEqual(['a', 'b']);
});
