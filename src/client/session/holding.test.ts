import { describe, expect, it, vi } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import type { RegistrationEvent } from '../wire/registration';
import { RollcallError } from '../wire/rollcall-error';
import { Holding } from './holding';

const DEFINITION = {
  service: 'orders',
  group: 'g',
  id: 'a',
  address: '10.0.0.7',
  port: 80,
  metadata: { x: '1', y: '2' },
};
const REFUSED = new RollcallError('INVALID_REQUEST', 'no');

function stage(onEvent: (event: RegistrationEvent) => void = () => {}) {
  const time = new HandTime();
  const holding = new Holding(DEFINITION, time, onEvent);
  /** The registry takes what is wanted now. */
  const take = () => holding.taken(holding.version, holding.definition, time.now(), 9_000);
  /** Returns the outcome of its promise. */
  const outcome = () =>
    holding.settled().then(
      () => 'settled',
      (error: RollcallError) => error.code,
    );
  return { time, holding, take, outcome };
}

describe('a registration', () => {
  it('is sent until the registry has it, and again after it was lost', () => {
    const { holding, take } = stage();
    expect(holding.isDirty).toBe(true);
    take();
    expect(holding.isDirty).toBe(false);
    holding.markLost();
    expect([holding.isDirty, holding.guard.isHeld]).toEqual([true, false]);
    take();
    expect([holding.isDirty, holding.guard.isHeld]).toEqual([false, true]);
  });

  it('is never sent again while it is released', () => {
    const { holding, take } = stage();
    take();
    holding.isLeaving = true;
    holding.markLost();
    expect(holding.isDirty).toBe(false);
  });

  it('changes by a merge patch: null removes an entry, omitted members stay', () => {
    const { holding } = stage();
    holding.change({ weight: 2, metadata: { x: null, z: '3' }, tags: undefined });
    holding.change({ status: 'down', tags: ['blue'] });
    expect(holding.definition).toEqual({
      ...DEFINITION,
      weight: 2,
      status: 'down',
      tags: ['blue'],
      metadata: { y: '2', z: '3' },
    });
    expect(DEFINITION.metadata).toEqual({ x: '1', y: '2' });
  });
});

describe('the promise of a change', () => {
  it('resolves when that or a later change is accepted', async () => {
    const { holding, take, outcome } = stage();
    const outcomes = [outcome()];
    holding.change({ weight: 2 });
    outcomes.push(outcome());
    take();
    expect(await Promise.all(outcomes)).toEqual(['settled', 'settled']);
  });

  it('is not resolved by one that was sent before', async () => {
    const { time, holding, outcome, take } = stage();
    const { version, definition } = holding;
    const first = outcome();
    holding.change({ weight: 2 });
    let isSettled = false;
    const second = outcome().finally(() => {
      isSettled = true;
    });
    holding.taken(version, definition, time.now(), 9_000);
    await first;
    expect([isSettled, holding.isDirty]).toEqual([false, true]);
    take();
    expect(await second).toBe('settled');
  });

  it('rejects when the change is refused, like all later ones, and the previous state is sent again', async () => {
    const { holding, take, outcome } = stage();
    take();
    holding.change({ weight: -1 });
    const { version } = holding;
    const outcomes = [outcome()];
    holding.change({ tags: ['blue'] });
    outcomes.push(outcome());
    holding.refused(version, REFUSED);
    expect(await Promise.all(outcomes)).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST']);
    expect([holding.definition, holding.isDirty]).toEqual([DEFINITION, false]);
    holding.change({ weight: 3 });
    expect([holding.definition.weight, holding.isDirty]).toEqual([3, true]);
  });

  it('rejects when the registration is given up', async () => {
    const { holding, outcome } = stage();
    const waiting = outcome();
    holding.end();
    expect(await waiting).toBe('CONFLICT');
  });
});

it('a listener that throws stops nothing', () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { holding, take } = stage(() => {
    throw new Error('a mistake of the listener, on purpose');
  });
  take();
  expect([holding.guard.isHeld, printed.mock.calls.length]).toEqual([true, 1]);
  printed.mockRestore();
});
