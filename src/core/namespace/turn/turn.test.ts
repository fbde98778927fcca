import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { settle } from '../../../../test/simulation/virtual-time';
import { RegistryError } from '../../../model/errors';
import { jsonText } from '../../../model/json';
import { LOOK_INTERVAL_MIN_MS, SWEEP_SLICE_MAX_COUNT } from '../../../model/limits';
import { arm } from '../leases/expiry';
import { change, read, turn } from './turn';

const OWNER = { tokenId: 'owner' };

/** A namespace in which a change waits for a sync that the test completes. */
async function waiting(): Promise<AwakeNamespace> {
  const awake = new AwakeNamespace();
  await settle();
  awake.platform.storage.hold();
  awake.put('a');
  arm(awake.state);
  await settle();
  return awake;
}

/** Returns the current state of a promise. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'waits';
  promise.then(
    () => (state = 'answered'),
    () => (state = 'refused'),
  );
  await settle();
  return state;
}

/** Moves time past the end of the leases of 30 s, which have been asked; no alarm has fired by then. */
async function passUnheard(awake: AwakeNamespace): Promise<void> {
  await awake.pass(30_499);
  awake.platform.jump(1);
}

const refuse = () => {
  throw new RegistryError('CONFLICT', 'no');
};

describe('turn', () => {
  it.each([
    ['a result', () => 'yes', 'answered'],
    ['a refusal', refuse, 'refused'],
  ])('[I3] holds back %s until everything it depends on is durable', async (_what, step, outcome) => {
    const awake = await waiting();
    const answer = turn(awake.state, ORDERS, step);
    expect(await stateOf(answer)).toBe('waits');
    awake.platform.storage.release();
    expect(await stateOf(answer)).toBe(outcome);
  });

  it('[I3] does not wait for later changes', async () => {
    const awake = await waiting();
    const answer = turn(awake.state, ORDERS, () => 'yes');
    awake.put('b');
    awake.platform.storage.step();
    expect(await stateOf(answer)).toBe('answered');
  });

  it('[C4] is UNAVAILABLE if what it depends on could not be stored, whatever its own outcome', async () => {
    const awake = await waiting();
    const answers = [turn(awake.state, ORDERS, () => 'yes'), turn(awake.state, ORDERS, refuse)];
    awake.platform.storage.fail();
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(turn(awake.state, ORDERS, () => 'yes')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(awake.platform.aborts).toHaveLength(1);
    expect(awake.platform.logs).toMatchObject([{ level: 'error' }]);
  });

  it('[L3] ends lapsed leases before it decides', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await passUnheard(awake);
    expect(await turn(awake.state, ORDERS, (now) => [now, awake.ids()])).toEqual([START + 30_500, []]);
  });

  it('[L3] ends all lapsed leases of its service, however many there are elsewhere', async () => {
    const awake = new AwakeNamespace();
    awake.commit((draft) => {
      const record = instanceRecord();
      for (let index = 0; index < SWEEP_SLICE_MAX_COUNT; index++)
        draft.putInstance({ ...key(`i-${index}`), service: 'users' }, record, 'registered', true);
    });
    awake.put('a');
    await passUnheard(awake);
    expect(await turn(awake.state, ORDERS, () => awake.ids())).toEqual([]);
  });

  it('[L3, L14] ends all lapsed leases in slices for a call on the whole namespace', async () => {
    const awake = new AwakeNamespace();
    awake.commit((draft) => {
      const record = instanceRecord();
      for (let index = 0; index < 2 * SWEEP_SLICE_MAX_COUNT + 1; index++)
        draft.putInstance(key(`i-${index}`), record, 'registered', true);
    });
    await passUnheard(awake);
    expect(await turn(awake.state, undefined, () => awake.ids().length)).toBe(0);
    expect(await awake.story(1)).toHaveLength(3);
  });

  it('[L9] detects a gap before it decides: leases that ran out during the gap are still there', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await awake.pass(30_400);
    awake.platform.jump(20_000);
    expect(await turn(awake.state, ORDERS, () => awake.ids())).toEqual(['a']);
    expect(awake.state.counters.outages).toBe(1);
    await awake.pass(30_250);
    expect(awake.ids()).toEqual([]);
  });

  it('[L11] arms at its end, for its own changes and for what it found, refused or not', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await expect(turn(awake.state, ORDERS, refuse)).rejects.toThrow('no');
    expect(awake.platform.armings).toEqual([START + 5_000]);
    awake.put('b', { lease: { ttlMs: 4_000 } });
    await turn(awake.state, ORDERS, () => {});
    expect(awake.platform.armings).toEqual([START + 5_000, START + LOOK_INTERVAL_MIN_MS]);
  });

  it('counts every call', async () => {
    const awake = new AwakeNamespace();
    await turn(awake.state, ORDERS, () => {});
    await turn(awake.state, ORDERS, refuse).catch(() => {});
    expect(awake.state.counters.requests).toBe(2);
  });
});

describe('change', () => {
  it('[C1] commits under the token of its caller, and then responds', async () => {
    const awake = new AwakeNamespace();
    const answer = await change(awake.state, OWNER, {
      scope: ORDERS,
      decide: (draft) => {
        draft.putInstance(key('a'), instanceRecord(), 'registered', true);
        return 'decided';
      },
      answer: (outcome, draft) => [outcome, draft.now, awake.ids()],
    });
    expect(answer).toEqual(['decided', START, ['a']]);
    expect(await awake.journal()).toMatchObject([{ actor: 'owner' }]);
  });

  it('[C5] that is refused leaves nothing behind', async () => {
    const awake = new AwakeNamespace();
    const refused = change(awake.state, OWNER, {
      scope: ORDERS,
      decide: (draft) => {
        draft.putInstance(key('a'), instanceRecord(), 'registered', true);
        refuse();
      },
      answer: () => 'answered',
    });
    await expect(refused).rejects.toThrow('no');
    expect(awake.ids()).toEqual([]);
    expect(awake.state.journal.revision).toBe(0);
  });
});

describe('read', () => {
  const text = jsonText('body');

  it('[L3] ends all lapsed leases of the service alongside, however many there are elsewhere', async () => {
    const awake = new AwakeNamespace();
    awake.commit((draft) => {
      const record = instanceRecord();
      for (let index = 0; index < SWEEP_SLICE_MAX_COUNT; index++)
        draft.putInstance({ ...key(`i-${index}`), service: 'users' }, record, 'registered', true);
    });
    awake.put('a');
    await passUnheard(awake);
    const scope = { ...ORDERS, service: 'unknown' };
    const body = () => jsonText(awake.ids());
    const answer = await read(awake.state, { scope, alongside: ORDERS, options: {}, changedAt: () => 0, body });
    expect(answer.body).toBe('[]');
  });

  const asked = (awake: AwakeNamespace, ifNoneMatch?: string, changedAt = 1) =>
    read(awake.state, { scope: ORDERS, options: { ifNoneMatch }, changedAt: () => changedAt, body: () => text });

  it('[Q2] omits the body if nothing has changed since a cursor of this history', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const { cursor: first } = awake.state.journal;
    awake.put('b');
    const { cursor } = awake.state.journal;
    await settle();
    expect(await asked(awake)).toEqual({ cursor, body: text });
    expect(await asked(awake, cursor, 2)).toEqual({ cursor, body: null });
    expect(await asked(awake, first, 1)).toEqual({ cursor, body: null });
    expect(await asked(awake, first, 2)).toEqual({ cursor, body: text });
    expect(await asked(awake, 'nonsense', 0)).toEqual({ cursor, body: text });
  });

  it('remembers how long its responses may be cached, and how many there were', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const service = awake.state.catalog.service(ORDERS);
    const keep = (keepForMs?: number, scope?: typeof ORDERS) =>
      read(awake.state, { scope: scope ?? ORDERS, options: { keepForMs }, changedAt: () => 0, body: () => text });
    await keep();
    await keep(0);
    await keep(9_000, { ...ORDERS, service: 'unknown' });
    expect(service).toMatchObject({ keptUntil: 0, keptCount: 0 });
    await keep(5_000);
    await keep(2_000);
    expect(service).toMatchObject({ keptUntil: START + 5_000, keptCount: 2 });
    awake.platform.jump(5_000);
    await keep(1_000);
    expect(service).toMatchObject({ keptUntil: START + 6_000, keptCount: 1 });
  });
});
