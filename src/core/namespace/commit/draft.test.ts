import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import {
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  INSTANCES_PER_SERVICE_MAX_COUNT,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { Caller } from '../../../model/namespace-api';
import { Draft } from './draft';

const OVERRIDE = { override: { weight: 2 }, actor: 'operator', updatedAt: 0 };
const SERVICE = { definition: { metadata: {}, protectThreshold: 0.5 }, createdRevision: 1 };

describe('Draft', () => {
  it('[C5] changes nothing itself', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const draft = awake.draft();
    draft.putInstance(key('b'), instanceRecord(), 'registered', true);
    draft.removeInstance(key('a'), 'deregistered');
    draft.putOverride(key('a'), OVERRIDE, 'overridden');
    draft.putService(ORDERS, SERVICE, 'registered');
    expect(awake.ids()).toEqual(['a']);
    expect(awake.state.journal.revision).toBe(1);
    expect(awake.state.catalog.override(key('a'))).toBeUndefined();
  });

  it('[C3] shows changed and unchanged records', () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { weight: 7 });
    const draft = awake.draft();
    expect(draft.instance(key('a'))).toMatchObject({ revision: 1, record: { definition: { weight: 7 } } });
    draft.putInstance(key('a'), instanceRecord({ weight: 8 }), 'updated', false);
    expect(draft.instance(key('a'))).toMatchObject({ revision: 0, record: { definition: { weight: 8 } } });
    draft.removeInstance(key('a'), 'deregistered');
    expect(draft.instance(key('a'))).toBeUndefined();
    expect(draft.instance(key('b'))).toMatchObject({ revision: 2 });
    draft.putOverride(key('b'), OVERRIDE, 'overridden');
    expect(draft.override(key('b'))).toEqual({ record: OVERRIDE, revision: 0 });
    draft.putOverride(key('b'), null, 'overridden');
    expect(draft.override(key('b'))).toBeUndefined();
    expect(draft.service(ORDERS)).toBeUndefined();
    draft.putService(ORDERS, SERVICE, 'registered');
    expect(draft.service(ORDERS)).toEqual({ record: SERVICE, revision: 0 });
    draft.putService(ORDERS, null, 'deregistered');
    expect(draft.service(ORDERS)).toBeUndefined();
  });

  it('returns the catalog entry of an instance only until the draft changes it', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const draft = awake.draft();
    expect(draft.untouched(key('a'))).toBe(awake.state.catalog.instance(key('a')));
    expect(draft.untouched(key('b'))).toBeUndefined();
    draft.removeInstance(key('a'), 'deregistered');
    expect(draft.untouched(key('a'))).toBeUndefined();
  });

  it('[C3] keeps one change per record, in the order they were first touched', () => {
    const awake = new AwakeNamespace();
    const draft = awake.draft();
    expect(draft.isEmpty).toBe(true);
    draft.putInstance(key('b'), instanceRecord(), 'registered', true);
    draft.putInstance(key('a'), instanceRecord(), 'registered', true);
    draft.putInstance(key('b'), instanceRecord({ weight: 2 }), 'updated', false);
    expect([...draft.changes]).toMatchObject([
      { id: 'b', cause: 'updated', renewed: true, record: { definition: { weight: 2 } } },
      { id: 'a', cause: 'registered' },
    ]);
    expect(draft.isEmpty).toBe(false);
  });

  it('[J1] has the cause that its changes share, otherwise update', () => {
    const draft = new AwakeNamespace().draft();
    draft.putInstance(key('a'), instanceRecord(), 'registered', true);
    expect(draft.cause).toBe('registered');
    draft.putInstance(key('b'), instanceRecord(), 'registered', true);
    expect(draft.cause).toBe('registered');
    draft.removeInstance(key('c'), 'deregistered');
    expect(draft.cause).toBe('updated');
  });

  it('[C1] becomes the next revision', () => {
    const awake = new AwakeNamespace();
    expect(awake.draft().revision).toBe(1);
    awake.put('a');
    expect(awake.draft().revision).toBe(2);
  });
});

describe('require', () => {
  const name = { kind: 'instance', ...key('a') } as const;
  const begin = () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    const cursors = [awake.state.journal.cursor];
    awake.put('a', { weight: 2 });
    cursors.push(awake.state.journal.cursor);
    const draft = awake.draft();
    return { awake, draft, current: draft.instance(key('a')), cursors };
  };

  it('[Q4] accepts a precondition that holds, and none at all', async () => {
    const { awake, draft, current, cursors } = begin();
    await awake.journal();
    draft.require(name, current, {});
    draft.require(name, undefined, {});
    draft.require(name, current, { revision: 3 });
    draft.require(name, current, { cursor: cursors[1] });
    draft.require(name, current, { absent: false });
    draft.require(name, undefined, { absent: true });
    expect(() => draft.require(name, draft.instance(key('b')), { cursor: cursors[0] })).not.toThrow();
  });

  it('[Q4] refuses a record that fails its precondition, with the reason', () => {
    for (const [precondition, exists, words] of [
      [{ revision: 2 }, true, 'it has revision 3'],
      [{ revision: 3 }, false, 'there is none'],
      [{ absent: true }, true, 'already exists'],
      [{ absent: false }, false, 'there is no instance "a"'],
      [{ cursor: 'nonsense' }, true, 'not in this namespace'],
      [{ cursor: 'nonsense' }, false, 'there is no instance "a"'],
    ] as const) {
      const { draft, current } = begin();
      const refused = () => draft.require(name, exists ? current : undefined, precondition);
      expect(refused, words).toThrow(expect.objectContaining({ code: 'REVISION_MISMATCH' }));
      expect(refused, words).toThrow(words);
    }
  });

  it('[Q4] refuses a cursor from before the last change, and one for a record that this draft changed', async () => {
    const { awake, draft, current, cursors } = begin();
    await awake.journal();
    expect(() => draft.require(name, current, { cursor: cursors[0] })).toThrow('has changed since');
    draft.putInstance(key('a'), instanceRecord(), 'updated', false);
    expect(() => draft.require(name, draft.instance(key('a')), { cursor: cursors[1] })).toThrow('has changed since');
    expect(() => draft.require(name, draft.instance(key('a')), { revision: 3 })).toThrow('it has revision');
  });
});

describe('limits', () => {
  const full = expect.objectContaining({ code: 'LIMIT_EXCEEDED' });

  /** Instances that count only by number. */
  const fill = ({ state }: AwakeNamespace, service: string, count: number) => {
    const entry = state.catalog.serviceFor({ ...ORDERS, service });
    for (let index = 0; index < count; index++) state.catalog.putInstance(entry, `i-${index}`, '{}', 1, 0);
  };

  it('[R15] a service accepts no more instances than its limit, including those of the draft', () => {
    const awake = new AwakeNamespace();
    fill(awake, 'orders', INSTANCES_PER_SERVICE_MAX_COUNT - 1);
    const draft = awake.draft();
    const put = (id: string) => draft.putInstance(key(id), instanceRecord(), 'registered', true);
    put('a');
    expect(() => put('b')).toThrow(full);
    put('a');
    put('i-0');
    draft.putInstance({ ...key('b'), service: 'users' }, instanceRecord(), 'registered', true);
  });

  it('[R15] a namespace accepts no more instances than its limit, across all services', () => {
    const awake = new AwakeNamespace();
    const services = INSTANCES_PER_NAMESPACE_MAX_COUNT / INSTANCES_PER_SERVICE_MAX_COUNT;
    for (let index = 0; index < services; index++)
      fill(awake, `s-${index}`, INSTANCES_PER_SERVICE_MAX_COUNT - (index === 0 ? 1 : 0));
    const draft = awake.draft();
    draft.putInstance(key('a'), instanceRecord(), 'registered', true);
    expect(() => draft.putInstance(key('b'), instanceRecord(), 'registered', true)).toThrow(full);
  });

  it('[R15] a namespace accepts no more explicit services than its limit', () => {
    const awake = new AwakeNamespace();
    for (let index = 0; index < SERVICES_PER_NAMESPACE_MAX_COUNT; index++) {
      const entry = awake.state.catalog.serviceFor({ ...ORDERS, service: `s-${index}` });
      awake.state.catalog.setOwn(entry, { text: '', record: SERVICE, revision: 1 });
    }
    const draft = awake.draft();
    expect(() => draft.putService(ORDERS, SERVICE, 'registered')).toThrow(full);
    draft.putService({ ...ORDERS, service: 's-0' }, SERVICE, 'updated');
    draft.putService({ ...ORDERS, service: 's-1' }, null, 'deregistered');
  });

  it('[N25] a namespace accepts no more instances and services than its own setting, including those of the draft', () => {
    const { state } = new AwakeNamespace();
    const begin = (limits: NamespaceLimits, by: Caller = { tokenId: 'owner', share: 'all' }) =>
      new Draft({ ...state, settings: { limits } }, 0, by);
    const put = (draft: Draft, id: string, service = 'orders') =>
      draft.putInstance({ ...key(id), service }, instanceRecord(), 'registered', true);

    const few = begin({ instances: 2, perToken: { instances: 1 } });
    put(few, 'a');
    expect(() => put(few, 'b')).toThrow(over('this would give the token 2 instances', 'limits.perToken.instances'));
    const roots = begin({ instances: 2, perToken: { instances: 1 } }, { tokenId: 'root', share: 'all' });
    for (const id of ['a', 'b']) put(roots, id);
    expect(() => put(roots, 'c')).toThrow(over('this namespace has 2 instances', 'limits.instances'));

    const narrow = begin({ services: 1 });
    put(narrow, 'a');
    put(narrow, 'b');
    const full = over('this namespace has 1 services', 'limits.services');
    expect(() => put(narrow, 'a', 'users')).toThrow(full);
    expect(() => narrow.putService({ ...ORDERS, service: 'users' }, SERVICE, 'registered')).toThrow(full);
    narrow.putService(ORDERS, SERVICE, 'registered');
  });

  it('[N26] a token that isn’t an operator adds no more instances and services than its share', () => {
    const { state } = new AwakeNamespace();
    const begin = (share: Caller['share'], limits: NamespaceLimits) =>
      new Draft({ ...state, settings: { limits } }, 0, { tokenId: 't', share });
    const put = (draft: Draft, index: number) => {
      draft.putInstance({ ...key(`${index}`), service: `s-${index}` }, instanceRecord(), 'registered', true);
    };
    const countOf = (draft: Draft) => {
      let count = 0;
      expect(() => {
        for (; ; count++) put(draft, count);
      }).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
      return count;
    };
    expect(countOf(begin('most', { instances: 8 }))).toBe(6);
    expect(countOf(begin('half', { instances: 8 }))).toBe(4);
    expect(countOf(begin('most', { services: 8 }))).toBe(6);
    expect(countOf(begin('half', { services: 8 }))).toBe(4);
    expect(countOf(begin('half', { instances: 1 }))).toBe(1);
    expect(countOf(begin('half', { instances: 8, perToken: { instances: 7 } }))).toBe(7);
    expect(countOf(begin('half', { services: 8, perToken: { services: 7 } }))).toBe(7);
    expect(countOf(begin('all', { instances: 8 }))).toBe(8);
    const one = begin('half', { instances: 2 });
    put(one, 0);
    expect(() => put(one, 1)).toThrow(
      "this would give the token 2 instances, up from 1: as its grants name services or keys, it may have 1 of the namespace's 2, " +
        "so that others have room; remove some, use several tokens, or ask the namespace's admin to set " +
        'limits.perToken.instances: rollcall ns set --max-instances-per-token',
    );
  });
});

const over = (what: string, limit: string) =>
  expect.objectContaining({ code: 'LIMIT_EXCEEDED', message: expect.stringMatching(`^${what}, .*${limit} `) });
