import { describe, expect, it } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { HandWebSockets } from '../../../test/fixtures/hand-web-socket';
import { turn } from '../../../test/fixtures/turns';
import { ClientCore } from '../wire/client-core';
import { Holding } from './holding';
import { Session } from './session';

const OPENED = { session: 'key.secret', resumed: false, ttlMs: 9_000, pingIntervalMs: 3_000, reconnectWithinMs: 1_000 };
const RESUMED = { ...OPENED, resumed: true };

function stage({ pingMs }: { pingMs?: number } = {}) {
  const sockets = new HandWebSockets();
  const time = new HandTime();
  time.random = () => 0;
  const options = { url: 'http://registry.example', WebSocket: sockets.WebSocket };
  const link = new ClientCore({ ...options, subscriber: 'me' }, time).link();
  const session = new Session(link, pingMs === undefined ? 9_000 : undefined, pingMs);
  const events: string[] = [];
  const hold = (id: string) => {
    const definition = { service: 'orders', group: 'g', id, address: '10.0.0.7', port: 80, lease: { ttlMs: 9_000 } };
    const holding = new Holding(definition, time, ({ type }) => events.push(`${id} ${type}`));
    const settled = holding.settled();
    settled.catch(() => {});
    session.keep(holding);
    return { holding, settled };
  };
  /** Opens the socket that is due. */
  const open = async () => {
    time.advance(0);
    await turn();
    sockets.last.open();
    await turn();
    return sockets.last;
  };
  /** Answers the frame that waits. */
  const answer = async (body: object = {}) => {
    const frame = sockets.last.answer(body);
    await turn();
    return frame;
  };
  return { sockets, time, link, session, events, hold, open, answer };
}

/** Ids that a batch registers. */
const idsOf = (frame: Record<string, unknown>) =>
  (frame.operations as { op: string; id: string }[]).map(({ op, id }) => `${op} ${id}`); // `as`: it is a batch

describe('a session', () => {
  it.each([
    [30_000, 90_000, 90_000, 30_000],
    [30_000, 90_000, 45_000, 15_000],
    [10_000, undefined, 45_000, 15_000],
  ])(
    '[T14] of a client that pings every %d ms requests %s ms, gets %d and pings every %d ms',
    async (pingMs, asks, ttlMs, pings) => {
      const { hold, open, answer, link } = stage({ pingMs });
      hold('a');
      await open();
      const frame = await answer({ ...OPENED, ttlMs, pingIntervalMs: 15_000 });
      expect([frame.ttlMs, link.pingIntervalMs]).toEqual([asks, pings]);
    },
  );

  it('is opened with the requested ttl, and then registers everything in one frame', async () => {
    const { hold, open, answer, events, time, sockets } = stage();
    const [a, b] = [hold('a'), hold('b')];
    await open();
    expect(await answer(OPENED)).toMatchObject({ type: 'session', ttlMs: 9_000 });
    const batch = await answer();
    expect(idsOf(batch)).toEqual(['register a', 'register b']);
    expect(batch.operations).toMatchObject([{ service: 'orders', group: 'g', address: '10.0.0.7', port: 80 }, {}]);
    // The lease is the session's.
    expect(JSON.stringify(batch)).not.toContain('lease');
    await Promise.all([a.settled, b.settled]);
    expect([events, a.holding.guard.isHeld, b.holding.guard.isHeld]).toEqual([
      ['a registered', 'b registered'],
      true,
      true,
    ]);
    // From the first moment on, by the interval that it was given.
    expect(sockets.last.pings).toBe(1);
    sockets.last.say('pong');
    time.advance(3_000);
    expect(sockets.last.pings).toBe(2);
  });

  it('is resumed on the next socket, without another registration', async () => {
    const { sockets, hold, open, answer, events, time } = stage();
    const { holding } = hold('a');
    const first = await open();
    await answer(OPENED);
    await answer();
    time.advance(2_000);
    first.break();
    await open();
    expect(await answer(RESUMED)).toMatchObject({ type: 'session', session: 'key.secret' });
    expect(sockets.last.take()).toEqual([]);
    expect(events.filter((event) => event !== 'a trouble')).toEqual(['a registered']);
    // It was renewed by that.
    sockets.last.break();
    time.advance(8_900);
    expect(holding.guard.isHeld).toBe(true);
  });

  it('that is not resumed is lost, and everything is registered again', async () => {
    const { sockets, hold, open, answer, events } = stage();
    const { holding } = hold('a');
    hold('b');
    await open();
    await answer(OPENED);
    await answer();
    sockets.last.break();
    await open();
    await answer({ ...OPENED, session: 'another.one' });
    // The new session holds nothing yet.
    expect(holding.guard.isHeld).toBe(false);
    expect(idsOf(await answer())).toEqual(['register a', 'register b']);
    expect(events.filter((event) => !event.endsWith('trouble'))).toEqual([
      'a registered',
      'b registered',
      'a lost',
      'b lost',
      'a registered',
      'b registered',
    ]);
    sockets.last.break();
    await open();
    expect(await answer(RESUMED)).toMatchObject({ session: 'another.one' });
  });

  it.each([4000, 4001, 4004])('that is over, by the close code %i, is lost at once, and not resumed', async (code) => {
    const { sockets, hold, open, answer } = stage();
    const { holding } = hold('a');
    await open();
    await answer(OPENED);
    await answer();
    sockets.last.break(code);
    expect(holding.guard.isHeld).toBe(false);
    await open();
    expect((await answer(OPENED)).session).toBeUndefined();
  });

  it('whose socket stays open for others is kept, and needs no second open', async () => {
    const { sockets, link, session, hold, open, answer } = stage();
    const { holding } = hold('a');
    await open();
    await answer(OPENED);
    await answer();
    link.join({ up: () => {}, down: () => {} });
    session.drop(holding);
    expect(sockets.last.closed).toBeUndefined();
    const next = hold('b');
    expect(idsOf(await answer())).toEqual(['register b']);
    await next.settled;
  });

  it('ends with its last registration', async () => {
    const { sockets, time, session, hold, open, answer } = stage();
    const { holding } = hold('a');
    await open();
    await answer(OPENED);
    await answer();
    holding.end();
    session.drop(holding);
    expect([sockets.last.closed, time.timers]).toEqual([4000, 0]);
  });

  it('that is refused rejects the registrations that need it', async () => {
    const { sockets, hold, open } = stage();
    const { settled } = hold('a');
    await open();
    sockets.last.refuse('FORBIDDEN');
    await expect(settled).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a change', () => {
  it('is sent as a whole, and a concurrent one right after it', async () => {
    const { session, hold, open, answer } = stage();
    const { holding, settled } = hold('a');
    await open();
    await answer(OPENED);
    holding.change({ weight: 2, metadata: { x: '1' } });
    const second = holding.settled();
    session.changed();
    expect((await answer()).operations).not.toMatchObject([{ weight: 2 }]);
    await settled;
    expect((await answer()).operations).toMatchObject([{ op: 'register', weight: 2, metadata: { x: '1' } }]);
    await second;
  });

  it('that is refused is reverted, and affects no others', async () => {
    const { sockets, session, hold, open, answer } = stage();
    const [a, b] = [hold('a'), hold('b')];
    await open();
    await answer(OPENED);
    await answer();
    a.holding.change({ weight: -1 });
    b.holding.change({ weight: 2 });
    const [bad, good] = [a.holding.settled(), b.holding.settled()];
    session.changed();
    sockets.last.refuse('INVALID_REQUEST');
    await turn();
    // Each for itself, now.
    sockets.last.refuse('INVALID_REQUEST');
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await turn();
    expect((await answer()).operations).toMatchObject([{ id: 'b', weight: 2 }]);
    await good;
    expect([a.holding.definition.weight, a.holding.isDirty, sockets.last.take()]).toEqual([undefined, false, []]);
  });

  it("that can't be applied now is retried", async () => {
    const { sockets, time, hold, open, answer } = stage();
    const { settled } = hold('a');
    await open();
    await answer(OPENED);
    sockets.last.refuse('LIMIT_EXCEEDED');
    await turn();
    time.advance(2_000);
    sockets.last.say('pong');
    time.advance(3_000);
    sockets.last.say('pong');
    time.advance(3_000);
    sockets.last.say('pong');
    expect(sockets.last.take()).toEqual([]);
    time.advance(2_000);
    await answer();
    await settled;
  });
});
