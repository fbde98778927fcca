import { describe, expect, it } from 'vitest';
import { instanceView } from '../../../test/fixtures/instance-view';
import type { RecordChanged } from '../../../test/fixtures/watched-ids';
import type { ServerFrame } from '../../model/frames';
import type { InstanceView } from '../../model/instance';
import { WatchedNodes } from './watched-nodes';

const instance = (id: string, more: Partial<InstanceView> = {}): InstanceView =>
  instanceView({
    id,
    service: 'greeter',
    address: '10.0.0.5',
    port: 1,
    metadata: { k: 'v' },
    version: '1',
    lease: null,
    extensions: { 'go-micro': { metadata: { team: 'x' } } },
    ...more,
  });

function snapshot(instances: InstanceView[], more: object = {}): ServerFrame {
  const service = { group: 'g', name: 'n', persistent: false, metadata: {}, protectThreshold: 0, revision: 0 };
  return { type: 'snapshot', watch: 'w', cursor: 'c', revision: 1, services: [{ ...service, instances }], ...more };
}

type Changes = Extract<ServerFrame, { type: 'changes' }>;
const frame = (...changes: Changes['changes']): ServerFrame => ({
  type: 'changes',
  watch: 'w',
  cursor: 'c',
  revision: 2,
  cause: 'registered',
  actor: 'root',
  at: '2027-01-01T00:00:00Z',
  changes,
});
const names = { group: 'DEFAULT_GROUP', service: 'greeter' };
const put = (id: string, more: Partial<InstanceView> = {}): Changes['changes'][number] => ({
  type: 'put',
  kind: 'instance',
  ...names,
  id,
  after: instance(id, more),
});
const gone = (id: string): RecordChanged => ({ type: 'delete', kind: 'instance', ...names, id });

/** Returns the events that a watcher receives for each frame, such as `create greeter 1 a`. */
function results(nodes: WatchedNodes, ...frames: ServerFrame[]): string[] {
  return frames.flatMap((each) =>
    nodes.resultsOf(each).map(({ Action, Service }) => {
      expect(Service.nodes).toHaveLength(1);
      return `${Action} ${Service.name} ${Service.version} ${Service.nodes[0]?.id}`;
    }),
  );
}

describe('WatchedNodes', () => {
  it('[X6] creates existing instances, one node per item, with all their data', () => {
    const results = new WatchedNodes().resultsOf(snapshot([instance('a'), instance('b')]));
    expect(results.map(({ Action }) => Action)).toEqual(['create', 'create']);
    expect(results[0]?.Service).toEqual({
      name: 'greeter',
      version: '1',
      metadata: { team: 'x' },
      endpoints: [],
      nodes: [{ id: 'a', address: '10.0.0.5:1', metadata: { k: 'v' } }],
    });
  });

  it('[X6] reports each one added, changed and removed', () => {
    const nodes = new WatchedNodes();
    expect(results(nodes, snapshot([]), frame(put('a'), put('b')), frame(put('a')), frame(gone('a')))).toEqual([
      'create greeter 1 a',
      'create greeter 1 b',
      'update greeter 1 a',
      'delete greeter 1 a',
    ]);
    expect(results(nodes, frame(gone('a')), frame(put('a')))).toEqual(['create greeter 1 a']);
    expect(results(nodes, frame({ type: 'delete', kind: 'service', ...names, id: 'x' }))).toEqual([]);
    expect(results(nodes, { type: 'bookmark', watch: 'w', cursor: 'c' })).toEqual([]);
  });

  it('[X6] names the address of a removed node, and nothing large', () => {
    const nodes = new WatchedNodes();
    nodes.resultsOf(snapshot([instance('a')]));
    const service = { name: 'greeter', version: '1', metadata: {}, endpoints: [] };
    expect(nodes.resultsOf(frame(gone('a')))).toEqual([
      { Action: 'delete', Service: { ...service, nodes: [{ id: 'a', address: '10.0.0.5:1', metadata: {} }] } },
    ]);
  });

  it('[X6] moves a node from one version to another', () => {
    const nodes = new WatchedNodes();
    expect(results(nodes, snapshot([instance('a')]), frame(put('a', { version: '2' })), frame(gone('a')))).toEqual([
      'create greeter 1 a',
      'delete greeter 1 a',
      'create greeter 2 a',
      'delete greeter 2 a',
    ]);
  });

  it('[X6] deletes nodes that are no longer available, and creates them when they are again', () => {
    const nodes = new WatchedNodes();
    const out = put('a', { available: false, quarantined: true });
    expect(results(nodes, snapshot([instance('a'), instance('b', { available: false })]), frame(out))).toEqual([
      'create greeter 1 a',
      'delete greeter 1 a',
    ]);
    expect(results(nodes, frame(out), frame(put('a')))).toEqual(['create greeter 1 a']);
  });

  it('[X6] after a reset deletes nodes missing from the new snapshot, once it is complete', () => {
    const nodes = new WatchedNodes();
    nodes.resultsOf(snapshot([instance('a'), instance('b'), instance('c')]));
    expect(results(nodes, { type: 'reset', watch: 'w', reason: 'late' })).toEqual([]);
    expect(results(nodes, snapshot([instance('a')], { part: 0, last: false }))).toEqual(['update greeter 1 a']);
    expect(results(nodes, snapshot([instance('c')], { part: 1, last: true }))).toEqual([
      'update greeter 1 c',
      'delete greeter 1 b',
    ]);
  });

  it('[X6] distinguishes services with equal node ids', () => {
    const nodes = new WatchedNodes();
    nodes.resultsOf(snapshot([instance('a'), instance('a', { group: 'g', service: 'greeter' })]));
    expect(results(nodes, frame({ ...gone('a'), group: 'g' }))).toEqual(['delete g@@greeter 1 a']);
    expect(results(nodes, frame(gone('a')))).toEqual(['delete greeter 1 a']);
  });
});
