import { describe, expect, it, vi } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { HandWebSockets } from '../../../test/fixtures/hand-web-socket';
import { turn } from '../../../test/fixtures/turns';
import { ClientCore } from '../wire/client-core';
import type { WatchFrame } from '../wire/frames';
import { chooseSource } from './choose-source';
import { ServiceWatch } from './service-watch';
import type { WatchOptions } from './watch';

async function stage(options: WatchOptions = {}) {
  const sockets = new HandWebSockets();
  const time = new HandTime();
  time.random = () => 0;
  const core = new ClientCore({ url: 'http://registry.example', WebSocket: sockets.WebSocket, subscriber: 'me' }, time);
  let isOver = false;
  const statuses: string[] = [];
  const watch = new ServiceWatch(
    core,
    { services: ['orders'] },
    { transport: 'socket', onStatus: ({ state }) => statuses.push(state), ...options },
    () => {
      isOver = true;
    },
    chooseSource,
  );
  /** Opens the socket that is due. */
  const open = async () => {
    time.advance(0);
    await turn();
    sockets.last.open();
    await turn();
  };
  /** Opens the socket that is due, and answers the watch; returns what it was asked with. */
  const connect = async () => {
    await open();
    const frame = sockets.last.answer({ reconnectWithinMs: 1_000 });
    await turn();
    const name = String(frame.watch);
    const say = (type: string, more: object) => sockets.last.say({ type, watch: name, ...more });
    return { frame, say };
  };
  return { core, sockets, time, watch, statuses, open, connect, isOver: () => isOver };
}

const change = (revision: number, more: object = {}) => ({
  cursor: `c.${revision}`,
  revision,
  cause: 'updated',
  actor: 'root',
  at: '2026-09-18T12:00:00.000Z',
  changes: [{ type: 'delete', kind: 'instance', group: 'g', service: 'orders', id: 'x' }],
  ...more,
});

const SNAPSHOT = { cursor: 'c.1', revision: 1, services: [] };

describe('a watch', () => {
  it('resumes after the last complete frame, and repeats its acknowledgement', async () => {
    const { sockets, watch, statuses, connect } = await stage();
    const first = await connect();
    expect(first.frame).toMatchObject({ scope: { services: ['orders'] } });
    expect(first.frame.cursor).toBeUndefined();
    first.say('snapshot', SNAPSHOT);
    first.say('changes', change(2));
    first.say('changes', change(3, { part: 0, last: false }));
    watch.acknowledge('c.2');
    expect(sockets.last.take()).toEqual([{ type: 'ack', watch: first.frame.watch, cursor: 'c.2' }]);
    sockets.last.break();
    const second = await connect();
    expect(second.frame).toMatchObject({ cursor: 'c.2' });
    expect(sockets.last.take()).toEqual([{ type: 'ack', watch: second.frame.watch, cursor: 'c.2' }]);
    second.say('changes', change(3));
    const counts: number[] = [];
    for await (const frame of watch) {
      if (frame.type === 'changes') counts.push(frame.changes.length);
      if (counts.length === 2) break;
    }
    // The part that had come is not counted twice.
    expect(counts).toEqual([1, 1]);
    expect([watch.cursor, statuses]).toEqual(['c.3', ['connected', 'disconnected', 'connected', 'disconnected']]);
  });

  it('is connected when its first frame arrives, right after the response', async () => {
    const states: string[] = [];
    const { sockets, watch, open } = await stage({ onFrame: () => states.push(watch.status.state) });
    await open();
    const frame = sockets.last.answer({ reconnectWithinMs: 1_000 });
    sockets.last.say({ type: 'snapshot', watch: String(frame.watch), ...SNAPSHOT });
    expect(states).toEqual(['connected']);
  });

  it('[W28] asks to be an observer, and does without in a registry that does not know observers', async () => {
    const { sockets, watch, statuses, open, connect } = await stage({ observer: true });
    await open();
    sockets.last.refuse('INVALID_REQUEST');
    await turn();
    expect(sockets.last.answer({ reconnectWithinMs: 1_000 })).not.toHaveProperty('observer');
    await turn();
    expect([watch.status.state, statuses]).toEqual(['connected', ['connected']]);
    sockets.last.break();
    // Meanwhile the registry may have been updated.
    expect((await connect()).frame).toMatchObject({ observer: true });
  });

  it('[W30] asks for counts, and hands on those of the last part', async () => {
    const { watch, connect } = await stage({ counts: true });
    const { frame, say } = await connect();
    expect(frame).toMatchObject({ counts: true });
    const counts = [
      { name: 'orders', group: 'g', instances: 1, healthy: 1, available: 1, persistent: false, revision: 2 },
    ];
    say('changes', change(2, { part: 0, last: false }));
    say('changes', change(2, { part: 1, last: true, counts }));
    for await (const whole of watch) {
      expect(whole).toMatchObject({ type: 'changes', counts, changes: [{ id: 'x' }, { id: 'x' }] });
      break;
    }
  });

  it('starts with a snapshot again after an interrupted reset', async () => {
    const { sockets, connect } = await stage({ cursor: 'c.0' });
    const first = await connect();
    expect(first.frame.cursor).toBe('c.0');
    first.say('reset', { reason: 'compacted' });
    sockets.last.break();
    expect((await connect()).frame.cursor).toBeUndefined();
  });

  it('is suspended if its reader does not read, and resumed where it was', async () => {
    const { sockets, watch, connect } = await stage();
    const first = await connect();
    first.say('snapshot', SNAPSHOT);
    const big = { metadata: 'x'.repeat(1024 * 1024) };
    for (const revision of [2, 3, 4, 5]) first.say('changes', change(revision, big));
    // The fifth of them is too much; what else is on its way is not taken.
    first.say('changes', change(6, big));
    expect(sockets.last.closed).toBe(1000);
    const cursors: (string | undefined)[] = [];
    const reading = (async () => {
      for await (const frame of watch) cursors.push(frame.type === 'reset' ? undefined : frame.cursor);
    })();
    await turn();
    const second = await connect();
    expect(second.frame.cursor).toBe('c.5');
    second.say('changes', change(6));
    await turn();
    expect(cursors).toEqual(['c.1', 'c.2', 'c.3', 'c.4', 'c.5', 'c.6']);
    watch.close();
    await reading;
  });

  it('ends with its signal, its loop, or an error', async () => {
    const abort = new AbortController();
    const aborted = await stage({ signal: abort.signal });
    await aborted.connect();
    abort.abort();
    await turn();
    expect([aborted.isOver(), aborted.sockets.last.closed, aborted.time.timers]).toEqual([true, 1000, 0]);

    const left = await stage();
    const { say } = await left.connect();
    say('snapshot', SNAPSHOT);
    for await (const frame of left.watch) {
      expect(frame.type).toBe('snapshot');
      break;
    }
    expect([left.isOver(), left.sockets.last.closed]).toEqual([true, 1000]);

    const ends: unknown[] = [];
    const refused = await stage({ onEnd: (error) => ends.push(error?.code) });
    await turn();
    refused.sockets.last.open();
    await turn();
    refused.sockets.last.refuse('FORBIDDEN');
    await expect(refused.watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(ends).toEqual(['FORBIDDEN']);
  });

  it('is also unsubscribed on a socket that others need', async () => {
    const { core, sockets, watch, connect } = await stage();
    const { frame, say } = await connect();
    core.link().join({ up: () => {}, down: () => {} });
    watch.close();
    expect(sockets.last.take()).toMatchObject([{ type: 'unwatch', watch: frame.watch }]);
    say('snapshot', SNAPSHOT);
    expect([sockets.last.closed, watch.cursor]).toEqual([undefined, undefined]);
  });

  it('that was accepted once is retried after a later error', async () => {
    const { sockets, open, connect, isOver } = await stage();
    await connect();
    sockets.last.break();
    await open();
    sockets.last.refuse('FORBIDDEN');
    await turn();
    expect([isOver(), sockets.all.length]).toEqual([false, 2]);
    await connect();
    expect(sockets.all).toHaveLength(3);
  });

  it('passes frames to a listener, even if the listener throws', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const frames: WatchFrame['type'][] = [];
    const { connect, watch } = await stage({
      onFrame: ({ type }) => {
        frames.push(type);
        throw new Error('a mistake of the listener, on purpose');
      },
    });
    const { say } = await connect();
    say('snapshot', SNAPSHOT);
    say('bookmark', { cursor: 'c.9' });
    expect([frames, watch.cursor, watch.status.state]).toEqual([['snapshot', 'bookmark'], 'c.9', 'connected']);
    expect(printed).toHaveBeenCalledTimes(2);
    printed.mockRestore();
    watch.close();
  });
});
