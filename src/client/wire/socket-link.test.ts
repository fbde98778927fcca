import { describe, expect, it } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { HandWebSockets } from '../../../test/fixtures/hand-web-socket';
import { turn } from '../../../test/fixtures/turns';
import { ClientCore } from './client-core';
import type { RollcallError } from './rollcall-error';
import type { LinkUser } from './socket-link';

/** A user that records its notifications. */
class RecordingUser implements LinkUser {
  readonly events: string[] = [];
  up(): void {
    this.events.push('up');
  }
  down(_error: RollcallError, code: number): void {
    this.events.push(`down ${code}`);
  }
  heard(sentAt: number): void {
    this.events.push(`heard ${sentAt}`);
  }
}

async function stage() {
  const sockets = new HandWebSockets();
  const time = new HandTime();
  time.random = () => 0.5;
  const options = { url: 'https://registry.example', token: 'secret', WebSocket: sockets.WebSocket };
  const link = new ClientCore({ ...options, subscriber: 'me' }, time).link();
  const user = new RecordingUser();
  /** Lets a socket be opened that is due. */
  const opened = async () => {
    await turn();
    sockets.last.open();
    await turn();
    return sockets.last;
  };
  return { sockets, time, link, user, opened };
}

describe('the socket', () => {
  it('is opened for the first user, with the token beside the protocol, and shared by the next', async () => {
    const { sockets, link, user, opened } = await stage();
    link.join(user);
    const socket = await opened();
    expect([socket.url, socket.protocols]).toEqual([
      'wss://registry.example/api/v1/ns/public/socket?subscriber=me',
      ['rollcall.v1', 'token.secret'],
    ]);
    const second = new RecordingUser();
    link.join(second);
    expect([user.events, second.events, sockets.all.length]).toEqual([['up'], ['up'], 1]);
  });

  it('is closed with the last user, with its close code', async () => {
    const { time, link, user, opened } = await stage();
    const other = new RecordingUser();
    link.join(user);
    link.join(other);
    const socket = await opened();
    link.leave(user, 4000);
    expect(socket.closed).toBeUndefined();
    link.leave(other, 4000);
    link.leave(other, 1000);
    expect([socket.closed, link.isOpen, time.timers]).toEqual([4000, false, 0]);
  });

  it('is closed after it opens if it has no user any more', async () => {
    const { link, user, opened } = await stage();
    link.join(user);
    await turn();
    link.leave(user);
    const socket = await opened();
    expect([socket.closed, link.isOpen, user.events]).toEqual([1000, false, []]);
  });

  it('reconnects after a random delay, longer with each failure, until the registry responds', async () => {
    const { sockets, time, link, user, opened } = await stage();
    link.join(user);
    const first = await opened();
    first.break();
    expect(user.events).toEqual(['up', 'down 1006']);
    // Half of a second, of one, of two, of four; and no longer than half of ten.
    for (const pauseMs of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      const before = sockets.all.length;
      time.advance(pauseMs - 1);
      await turn();
      expect(sockets.all).toHaveLength(before);
      time.advance(1);
      const next = await opened();
      expect(sockets.all).toHaveLength(before + 1);
      next.break();
    }
    time.advance(5_000);
    const good = await opened();
    const asked = link.ask({ type: 'sync' });
    good.answer();
    await asked;
    good.break();
    time.advance(500);
    await turn();
    expect(sockets.last).not.toBe(good);
  });

  it('reconnects after the delay that the registry sends when it closes, or sent before', async () => {
    const { sockets, time, link, user, opened } = await stage();
    link.join(user);
    (await opened()).break(4009, '60000');
    time.advance(29_999);
    await turn();
    expect(sockets.all).toHaveLength(1);
    time.advance(1);
    await turn();
    expect(sockets.all).toHaveLength(2);
  });
});

describe('an idle connection', () => {
  it('is pinged, and its users learn when the ping was sent', async () => {
    const { time, link, user, opened } = await stage();
    link.pingIntervalMs = 5_000;
    link.join(user);
    const socket = await opened();
    time.advance(4_999);
    expect(socket.pings).toBe(0);
    time.advance(1);
    const sentAt = time.now();
    time.advance(3_000);
    socket.say('pong');
    expect([socket.pings, user.events]).toEqual([1, ['up', `heard ${sentAt}`]]);
    time.advance(5_000);
    expect(socket.pings).toBe(2);
  });

  it('is dropped if no pong arrives, although it was not closed', async () => {
    const { sockets, time, link, user, opened } = await stage();
    link.pingIntervalMs = 5_000;
    link.join(user);
    const dead = await opened();
    time.advance(10_000);
    expect([user.events, dead.closed]).toEqual([['up', 'down 1006'], 1000]);
    time.advance(500);
    const next = await opened();
    // A late message of the dead socket is ignored: the next socket is pinged now.
    time.advance(5_000);
    expect(next.pings).toBe(1);
    dead.say('pong');
    dead.break();
    expect([sockets.all.length, link.isOpen, next.closed, user.events]).toEqual([
      2,
      true,
      undefined,
      ['up', 'down 1006', 'up'],
    ]);
  });

  it('is dropped if a frame is not answered', async () => {
    const { time, link, user, opened } = await stage();
    link.join(user);
    await opened();
    const asked = link.ask({ type: 'session' });
    time.advance(10_000);
    await expect(asked).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(user.events).toEqual(['up', 'down 1006']);
  });
});

describe('frames', () => {
  it('are answered by id, or refused with their code', async () => {
    const { link, user, opened } = await stage();
    link.join(user);
    const socket = await opened();
    const [one, two] = [link.ask<number>({ type: 'a' }), link.ask({ type: 'b' })];
    const [a, b] = socket.take();
    socket.say({ type: 'error', id: b?.id, code: 'FORBIDDEN', detail: 'no', errors: [{ path: 'p', message: 'm' }] });
    socket.say({ type: 'answer', id: a?.id, body: 7 });
    expect(await one).toBe(7);
    await expect(two).rejects.toMatchObject({ code: 'FORBIDDEN', detail: 'no', errors: [{ path: 'p', message: 'm' }] });
  });

  it('that are pending are rejected when the socket breaks or is not open', async () => {
    const { link, user, opened } = await stage();
    await expect(link.ask({ type: 'a' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    link.join(user);
    const socket = await opened();
    const asked = link.ask({ type: 'a' });
    socket.break(1001, 'a deploy');
    await expect(asked).rejects.toMatchObject({ code: 'UNREACHABLE' });
    link.send({ type: 'ack' });
  });

  it('of a watch are passed to its listener, and their credit is returned in batches', async () => {
    const { link, user, opened } = await stage();
    link.join(user);
    const socket = await opened();
    const sizes: number[] = [];
    link.listen('w', (_, size) => sizes.push(size));
    const frame = { type: 'bookmark', watch: 'w', cursor: 'c'.repeat(400_000) };
    for (let count = 0; count < 3; count++) socket.say(frame);
    socket.say({ ...frame, watch: 'other' });
    const size = JSON.stringify(frame).length;
    expect(sizes).toEqual([size, size, size]);
    expect(socket.take()).toEqual([{ type: 'credit', bytes: 3 * size }]);
    link.listen('w', undefined);
    socket.say(frame);
    expect(sizes).toHaveLength(3);
  });

  it('[W21] of an unknown kind are ignored, and a mark is returned in order', async () => {
    const { link, user, opened } = await stage();
    link.join(user);
    const socket = await opened();
    const frames = [
      { type: 'bookmark', watch: 'w', cursor: 'c' },
      { type: 'mark', mark: 'm1' },
    ];
    for (const frame of frames) socket.say(frame);
    const bytes = frames.reduce((size, frame) => size + JSON.stringify(frame).length, 0);
    expect(socket.take()).toEqual([{ type: 'credit', bytes, mark: 'm1' }]);
    socket.say({ type: 'of another time' });
    expect([socket.take(), link.isOpen]).toEqual([[], true]);
  });

  it('that are invalid close the socket, and throw nothing', async () => {
    const { link, user, opened } = await stage();
    link.join(user);
    const socket = await opened();
    socket.say('pong');
    expect(() => socket.say('{')).not.toThrow();
    expect([user.events, link.isOpen]).toEqual([['up', 'down 1006'], false]);
  });
});
