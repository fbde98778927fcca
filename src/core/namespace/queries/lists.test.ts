import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { readJsonText } from '../../../model/json';
import { LIST_TEXT_MAX_BYTES } from '../../../model/limits';
import type { InstanceListCommand } from '../../../model/namespace-api';
import { viewOf } from '../records/view';
import { AnswerCache } from './answer-cache';
import { listInstances, listServices, newestRevision } from './lists';

/** A namespace with a service of that name in each of some groups. */
function withServices(...named: [group: string, service: string][]): AwakeNamespace {
  const awake = new AwakeNamespace();
  for (const [group, service] of named) {
    awake.commit((draft) =>
      draft.putService(
        { group, service },
        { definition: { metadata: {}, protectThreshold: 0 }, createdRevision: draft.revision },
        'registered',
      ),
    );
  }
  return awake;
}

describe('listInstances', () => {
  const listed = (awake: AwakeNamespace, command: Partial<InstanceListCommand> = {}, cache = new AnswerCache()) => {
    const service = awake.state.catalog.service(ORDERS);
    const { instances, next } = readJsonText(
      listInstances(service, { ...ORDERS, filter: {}, ...command }, cache, START),
    );
    return { ids: instances.map(({ id }) => id), next };
  };

  it('[Y18] at a place lists instances with that address and port, and those that only have a url', () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { address: '10.0.0.7', port: 80 });
    awake.put('c', { address: '10.0.0.7', port: 8080 });
    awake.put('d', { address: undefined, port: undefined, url: 'http://10.0.0.7' });
    const cache = new AnswerCache();
    expect(listed(awake, {}, cache).ids).toEqual(['a', 'b', 'c', 'd']);
    expect(listed(awake, { place: { address: '10.0.0.7', port: 80 } }, cache).ids).toEqual(['a', 'b', 'd']);
  });

  it('[V6] with a filter has only matching instances on each page', () => {
    const awake = new AwakeNamespace();
    awake.put('a b c d', { tags: ['x'] });
    awake.put('b', {});
    expect(listed(awake, { filter: { tag: 'x' }, limit: 2 })).toEqual({ ids: ['a', 'c'], next: 'c' });
    expect(listed(awake, { filter: { tag: 'x' }, limit: 2, after: 'c' })).toEqual({ ids: ['d'], next: undefined });
    expect(listed(awake, { after: 'bb' })).toEqual({ ids: ['c', 'd'], next: undefined });
  });

  it('[V5] treats no inherited property of an object as a name', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { metadata: { toString: 'x' } });
    expect(listed(awake, { filter: { metadata: { valueOf: 'x' } } }).ids).toEqual([]);
    expect(listed(awake, { filter: { metadata: { toString: 'x' } } }).ids).toEqual(['a']);
  });

  it('[V8] with another service alongside has as many of its instances as fit, and where to continue', () => {
    const awake = new AwakeNamespace();
    const metadata = { a: 'x'.repeat(8_000) };
    const count = Math.ceil(LIST_TEXT_MAX_BYTES / 8_000) + 1;
    awake.put(Array.from({ length: count }, (_, index) => `i-${String(index).padStart(4, '0')}`).join(' '), {
      metadata,
    });
    const beside = awake.state.catalog.service(ORDERS);
    const command = { group: 'g', service: 'none', filter: {}, alongside: ORDERS };
    const { alongside, alongsideNext } = readJsonText(
      listInstances(undefined, command, new AnswerCache(), START, beside),
    );
    expect(alongside?.length).toBeLessThan(count);
    expect(alongsideNext).toBe(alongside?.at(-1)?.id);
  });

  it('[L13] is rebuilt while an instance flaps, because the mark ends with time', () => {
    const awake = new AwakeNamespace();
    awake.put('a', {}, { healthChangedAt: [START, START, START] });
    const cache = new AnswerCache();
    const marks = (now: number) => {
      const service = awake.state.catalog.service(ORDERS);
      const { instances, alongside } = readJsonText(
        listInstances(service, { ...ORDERS, filter: {}, alongside: ORDERS }, cache, now, service),
      );
      return [instances[0]?.flapping, alongside?.[0]?.flapping];
    };
    expect([marks(START), marks(START + 300_000), marks(START + 300_001)]).toEqual([
      [true, true],
      [true, true],
      [false, false],
    ]);
  });
});

it('viewOf shows an instance under the name of its service', () => {
  const awake = new AwakeNamespace();
  awake.put('a', { weight: 2 });
  awake.override('a', { weight: 3 });
  const entry = awake.state.catalog.instance(key('a'));
  expect(entry && viewOf(entry, START)).toMatchObject({ ...key('a'), weight: 3, overridden: true, revision: 1 });
});

describe('listServices', () => {
  it('[V6] continues after a removed service, and separates groups with a service of the same name', () => {
    const awake = withServices(['a', 'orders'], ['b', 'orders'], ['a', 'users']);
    const first = readJsonText(listServices(awake.state.catalog, { limit: 1 }));
    expect(first.services).toMatchObject([{ group: 'a', name: 'orders' }]);
    awake.commit((draft) => draft.putService({ group: 'a', service: 'orders' }, null, 'deregistered'));
    const rest = readJsonText(listServices(awake.state.catalog, { after: first.next, limit: 2 }));
    expect(rest.services.map(({ group, name }) => [group, name])).toEqual([
      ['b', 'orders'],
      ['a', 'users'],
    ]);
    expect(rest.next).toBeUndefined();
  });

  it('refuses to continue from a position that ended no page', () => {
    const cases = ['', 'orders', '{}', '[]', '["orders"]', '[1,"a"]', 'null', '"x"'] as const;
    for (const after of cases) {
      const { catalog } = new AwakeNamespace().state;
      const details = { errors: [{ path: 'after', message: expect.stringContaining('`next`') }] };
      expect(() => listServices(catalog, { after })).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST', details }),
      );
    }
  });
});

it('[Q2] newestRevision is that of the newest change in scope, including removed services', () => {
  const awake = withServices(['a', 'orders'], ['b', 'users']);
  const { catalog } = awake.state;
  expect(newestRevision(catalog, {})).toBe(2);
  expect(newestRevision(catalog, { group: 'a' })).toBe(1);
  expect(newestRevision(catalog, { prefix: 'ord' })).toBe(1);
  expect(newestRevision(catalog, { prefix: 'none' })).toBe(0);
  awake.commit((draft) => draft.putService({ group: 'a', service: 'orders' }, null, 'deregistered'));
  expect(newestRevision(catalog, { group: 'a' })).toBe(3);
});
