import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { AnswerCache } from './answer-cache';

function begin() {
  const awake = new AwakeNamespace();
  awake.put('a');
  const cache = new AnswerCache();
  const service = (name = ORDERS.service) => awake.state.catalog.serviceFor({ ...ORDERS, service: name });
  /** Resolves, and returns whether the response had to be built. */
  const isMade = (text = '{}', name = ORDERS.service) => {
    let made = false;
    cache.resolution(service(name), () => {
      made = true;
      return { text, keeps: true };
    });
    return made;
  };
  return { awake, cache, service, isMade };
}

describe('AnswerCache', () => {
  it('builds a response once for each revision of its service', () => {
    const { awake, isMade } = begin();
    expect([isMade(), isMade()]).toEqual([true, false]);
    awake.put('b');
    expect([isMade(), isMade()]).toEqual([true, false]);
    awake.override('b', { weight: 2 });
    expect([isMade(), isMade()]).toEqual([true, false]);
  });

  it('is not affected by a change of another service', () => {
    const { awake, isMade } = begin();
    isMade();
    const record = { definition: { metadata: {}, protectThreshold: 1 }, createdRevision: 2 };
    awake.commit((draft) => draft.putService({ ...ORDERS, service: 'users' }, record, 'registered'));
    expect(isMade()).toBe(false);
  });

  it('parses candidates once for each revision', () => {
    const { awake, cache, service } = begin();
    const first = cache.candidates(service());
    expect(first).toHaveLength(1);
    expect(cache.candidates(service())).toBe(first);
    awake.put('b');
    expect(cache.candidates(service())).toHaveLength(2);
  });

  it('caches a list only if enabled', () => {
    const { cache, service } = begin();
    const list = (text: string, keeps: boolean) => cache.list(service(), () => ({ text, keeps }));
    expect(list('first', false)).toBe('first');
    expect(list('second', true)).toBe('second');
    expect(list('third', true)).toBe('second');
  });

  it('evicts the oldest response when it is full', () => {
    const { isMade } = begin();
    const large = 'x'.repeat(3 * 1024 * 1024);
    for (const name of ['a', 'b', 'c']) isMade(large, name);
    expect([isMade(large, 'b'), isMade(large, 'c')]).toEqual([false, false]);
    expect(isMade(large, 'a')).toBe(true);
    expect(isMade(large, 'c')).toBe(false);
    expect(isMade(large, 'b')).toBe(true);
  });

  it('caches nothing that exceeds its size alone', () => {
    const { isMade } = begin();
    const huge = 'x'.repeat(9 * 1024 * 1024);
    expect([isMade(huge), isMade(huge), isMade('{}', 'b'), isMade('{}', 'b')]).toEqual([true, true, true, false]);
  });
});
