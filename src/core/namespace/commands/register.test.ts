import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { definition, key } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import type { InstanceDefinitionInput } from '../../../model/instance';
import type { Caller } from '../../../model/namespace-api';
import type { Draft } from '../commit/draft';
import { register } from './register';

const OWNER: Caller = { tokenId: 'owner', place: { colo: 'TXL' } };

const again = (draft: Draft, input: Partial<InstanceDefinitionInput> = {}, precondition = {}, caller = OWNER) =>
  register(draft, caller, key('a'), definition(input), precondition);

/** The one change of a draft. */
function onlyChange(draft: Draft) {
  const [change, ...more] = draft.changes;
  expect(more).toEqual([]);
  return change;
}

describe('register', () => {
  it('[R1] creates a record with its owner, origin and time', () => {
    const awake = new AwakeNamespace();
    const draft = awake.draft();
    expect(again(draft)).toBe('created');
    expect(onlyChange(draft)).toEqual({
      kind: 'instance',
      ...key('a'),
      cause: 'registered',
      renewed: true,
      record: {
        definition: definition(),
        place: OWNER.place,
        owner: 'owner',
        createdRevision: 1,
        changes: 1,
        registeredAt: START,
        updatedAt: START,
        healthy: true,
        healthChangedAt: [],
      },
    });
  });

  it('[R2] with the same content renews the lease and changes nothing', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { weight: 2 });
    const draft = awake.draft();
    expect(again(draft, { weight: 2 })).toBe('unchanged');
    expect([...draft.changes]).toEqual([]);
    expect([...draft.renewed]).toEqual([awake.state.catalog.instance(key('a'))]);
  });

  it('[L12, J1] with the same content for an unhealthy instance is a recovery', () => {
    const awake = new AwakeNamespace();
    awake.put('a', {}, { healthy: false, changes: 4, healthChangedAt: [1, 2] });
    const draft = awake.draft();
    expect(again(draft)).toBe('changed');
    const record = { healthy: true, changes: 5, healthChangedAt: [1, 2, START] };
    expect(onlyChange(draft)).toMatchObject({ cause: 'recovered', renewed: true, record });
  });

  it('[R3] with other content keeps what the registry recorded', () => {
    const awake = new AwakeNamespace();
    awake.put('a', {}, { owner: 'first', createdRevision: 1, changes: 4, registeredAt: 5, place: { colo: 'CDG' } });
    const draft = awake.draft();
    expect(again(draft, { weight: 3 }, {}, { ...OWNER, operates: true })).toBe('changed');
    expect(onlyChange(draft)).toMatchObject({
      cause: 'registered',
      renewed: true,
      record: {
        definition: definition({ weight: 3 }),
        owner: 'first',
        createdRevision: 1,
        changes: 5,
        registeredAt: 5,
        updatedAt: START,
        place: { colo: 'CDG' },
      },
    });
  });

  it('[L12] with other content for an unhealthy instance also makes it healthy, in one change', () => {
    const awake = new AwakeNamespace();
    awake.put('a', {}, { healthy: false, changes: 2, healthChangedAt: [1] });
    const draft = awake.draft();
    again(draft, { weight: 3 });
    expect(onlyChange(draft)).toMatchObject({ record: { healthy: true, changes: 3, healthChangedAt: [1, START] } });
  });

  it('[R3] with a location needs no derived one, and without one gets it', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { location: { zone: 'eu-1' } });
    const place = (input: object) => {
      const draft = awake.draft();
      again(draft, { weight: 2, ...input });
      return draft.instance(key('a'))?.record.place;
    };
    expect(place({ location: { zone: 'eu-2' } })).toBeUndefined();
    expect(place({})).toEqual(OWNER.place);
  });

  it('[O7] ends a drain only with a new incarnation', () => {
    for (const [before, after, drainEndsAt] of [
      ['run-1', 'run-2', undefined],
      ['run-1', 'run-1', 77],
      ['run-1', undefined, 77],
      [undefined, 'run-1', undefined],
      [undefined, undefined, 77],
    ] as const) {
      const awake = new AwakeNamespace();
      awake.put('a', { incarnation: before }, { drainEndsAt: START + 77 });
      const draft = awake.draft();
      again(draft, { incarnation: after, weight: 2 });
      const expected = drainEndsAt === undefined ? undefined : START + drainEndsAt;
      expect(onlyChange(draft), `${before} to ${after}`).toMatchObject({ record: { drainEndsAt: expected } });
    }
  });

  it('[C3] in a batch sees earlier registrations of the same batch', () => {
    const draft = new AwakeNamespace().draft();
    expect(again(draft)).toBe('created');
    expect(again(draft, { weight: 2 })).toBe('changed');
    expect(onlyChange(draft)).toMatchObject({ record: { createdRevision: 1, changes: 2 } });
    draft.removeInstance(key('a'), 'deregistered');
    expect(again(draft)).toBe('created');
  });

  it('[Q4] checks the precondition of a repeated registration too', () => {
    for (const precondition of [{ absent: true }, { revision: 7 }, { cursor: 'none' }]) {
      const awake = new AwakeNamespace();
      awake.put('a');
      const draft = awake.draft();
      expect(() => again(draft, {}, precondition), JSON.stringify(precondition)).toThrow(
        expect.objectContaining({ code: 'REVISION_MISMATCH' }),
      );
      expect([...draft.renewed], JSON.stringify(precondition)).toEqual([]);
    }
  });
});
