import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { readJsonText } from '../../../model/json';
import type { ResolveCommand } from '../../../model/namespace-api';
import { AnswerCache } from './answer-cache';
import { resolve } from './resolve';

function begin(protectThreshold?: number) {
  const awake = new AwakeNamespace();
  if (protectThreshold !== undefined) {
    const record = { definition: { metadata: {}, protectThreshold }, createdRevision: 1 };
    awake.commit((draft) => draft.putService(ORDERS, record, 'registered'));
  }
  const cache = new AnswerCache();
  const resolved = (command: Partial<ResolveCommand> = {}, fraction = () => 0.5) => {
    const service = awake.state.catalog.service(ORDERS);
    const answer = readJsonText(resolve(service, { ...ORDERS, ...command }, cache, fraction));
    return { ids: answer.instances.map(({ id }) => id), protected: answer.protected };
  };
  return { awake, resolved };
}

describe('resolve', () => {
  it('[V2] returns all if fewer are healthy than the threshold requires', () => {
    const cases = [
      [0, ['a'], false],
      [0.25, ['a'], false],
      [0.26, ['a', 'b', 'c', 'd'], true],
      [1, ['a', 'b', 'c', 'd'], true],
    ] as const;
    for (const [threshold, ids, isProtected] of cases) {
      const { awake, resolved } = begin(threshold);
      awake.put('a');
      awake.put('b c d', {}, { healthy: false });
      expect(resolved()).toEqual({ ids, protected: isProtected });
      expect(resolved({ limit: 9 }).ids.sort()).toEqual(ids);
      expect(resolved({ near: { kind: 'zone', zone: 'x' } })).toEqual({ ids, protected: isProtected });
    }
  });

  it('[V2] is not protected if all are healthy, or if there are none', () => {
    const { awake, resolved } = begin(1);
    expect(resolved()).toEqual({ ids: [], protected: false });
    awake.put('a b');
    expect(resolved()).toEqual({ ids: ['a', 'b'], protected: false });
    expect(resolved({ cluster: 'none' })).toEqual({ ids: [], protected: false });
  });

  it('[V3] draws random numbers only to choose some', () => {
    const { awake, resolved } = begin();
    awake.put('a b c');
    let asked = 0;
    const fraction = () => {
      asked += 1;
      return 0.5;
    };
    resolved({}, fraction);
    resolved({ tag: 'x' }, fraction);
    resolved({ near: { kind: 'zone', zone: 'x' }, limit: 1 }, fraction);
    expect(asked).toBe(0);
    expect(resolved({ limit: 1 }, fraction).ids).toHaveLength(1);
    expect(asked).toBe(3);
  });

  it('[V7] names a service that doesn’t exist', () => {
    expect(readJsonText(resolve(undefined, { group: 'g', service: 's' }, new AnswerCache(), () => 0))).toEqual({
      service: 's',
      protected: false,
      instances: [],
    });
  });
});
