import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader } from '../../../test/fixtures/event-reader';
import { type RecordedSocket, RecordingSockets } from '../../../test/fixtures/recording-sockets';
import { socketPurpose } from '../../../test/fixtures/socket-purpose';
import { CLOSE_CODES } from '../../model/frames';
import {
  CREDIT_INITIAL_BYTES,
  EVENT_STREAM_FLUSH_MAX_MS,
  EVENT_STREAM_KEEPALIVE_MS,
  EVENT_STREAM_MAX_MS,
} from '../../model/limits';
import { EventStream, eventText, KEEPALIVE_TEXT } from './event-stream';

const changes = (revision: number, padding = '') => ({
  type: 'changes',
  watch: 'stream',
  cursor: `cE.${revision}.x`,
  revision,
  changes: [],
  padding,
});

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** A stream that is open, with both of its ends. */
async function open(cursor?: string, observer?: boolean) {
  const sockets = new RecordingSockets();
  const pipe = new TransformStream<Uint8Array, Uint8Array>();
  const gone = new AbortController();
  const over = vi.fn();
  const stream = new EventStream(pipe, over);
  const opening = stream.open({
    sockets,
    purpose: socketPurpose({ kind: 'stream' }),
    watch: { scope: { groups: ['g'], services: [{ group: 'g', service: 'orders' }] }, cursor, observer },
    gone: gone.signal,
  });
  const socket = await sockets.next();
  await opening;
  return { socket, gone, over, readable: pipe.readable, events: new EventReader(pipe.readable) };
}

const turns = async () => {
  for (let count = 0; count < 10; count++) await new Promise((resolve) => setImmediate(resolve));
};
const creditOf = ({ sent }: RecordedSocket) => sent.flatMap((frame) => (frame.type === 'credit' ? [frame.bytes] : []));

describe('EventStream', () => {
  it('[W28] asks for an observer only if it is to be one', async () => {
    for (const [observer, member] of [
      [true, { observer: true }],
      [false, {}],
      [undefined, {}],
    ] as const) {
      const { socket } = await open('cE.1.x', observer);
      expect(socket.sent[0]).toEqual({
        type: 'watch',
        id: 'watch',
        watch: 'stream',
        scope: { groups: ['g'], services: ['g@@orders'] },
        cursor: 'cE.1.x',
        ...member,
      });
    }
  });

  it('[E1] opens the requested watch, and sends every frame as an event', async () => {
    const { socket, events } = await open('cE.1.x');
    expect(socket.purpose).toMatchObject({ kind: 'stream', subscriber: 's' });
    expect(socket.sent).toEqual([
      {
        type: 'watch',
        id: 'watch',
        watch: 'stream',
        scope: { groups: ['g'], services: ['g@@orders'] },
        cursor: 'cE.1.x',
      },
    ]);
    for (const revision of [2, 3]) socket.deliver(changes(revision));
    expect(await events.take(2)).toEqual([
      { event: 'changes', id: 'cE.2.x', data: changes(2) },
      { event: 'changes', id: 'cE.3.x', data: changes(3) },
    ]);
  });

  it('[E4] sends a random delay for the reconnect, up to the maximum of the namespace', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.25);
    const { socket, events } = await open();
    vi.restoreAllMocks();
    socket.deliver(changes(1));
    await events.take(1);
    expect(events.retryMs).toBe(250);
  });

  it('[E5] sends a comment while it is idle', async () => {
    const { socket, events } = await open();
    const next = events.next();
    for (let count = 0; count < 3; count++) {
      await vi.advanceTimersByTimeAsync(EVENT_STREAM_KEEPALIVE_MS);
      await turns();
    }
    socket.deliver(changes(1));
    expect((await next)?.id).toBe('cE.1.x');
    expect(events.comments).toBe(3);
  });

  it('[E5] queues no comments for a client that does not read', async () => {
    const { socket, events } = await open();
    socket.deliver(changes(1));
    for (let count = 0; count < 5; count++) {
      await vi.advanceTimersByTimeAsync(EVENT_STREAM_KEEPALIVE_MS);
      await turns();
    }
    socket.deliver(changes(2));
    await events.take(2);
    expect(events.comments).toBe(0);
  });

  it('[E4] ends after ten minutes, or up to a tenth earlier', async () => {
    const { socket, events, over } = await open();
    const next = events.next();
    await vi.advanceTimersByTimeAsync(EVENT_STREAM_MAX_MS * 0.899);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(EVENT_STREAM_MAX_MS * 0.101);
    expect(await next).toBeUndefined();
    expect(socket.closed?.code).toBe(1000);
    expect(over).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[E4] ends when its socket breaks, after the frames received before', async () => {
    const { socket, events, over } = await open();
    socket.deliver(changes(1));
    socket.break(1006);
    expect((await events.next())?.id).toBe('cE.1.x');
    expect(await events.next()).toBeUndefined();
    await turns();
    expect(over).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("[E5] closes its socket when the client's signal aborts", async () => {
    const { socket, gone, over } = await open();
    gone.abort();
    await turns();
    expect(socket.closed?.code).toBe(1000);
    expect(over).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[E5] closes its socket when a write fails because the client has disconnected', async () => {
    const { socket, events, over } = await open();
    await events.leave();
    await vi.advanceTimersByTimeAsync(EVENT_STREAM_KEEPALIVE_MS);
    await turns();
    expect(socket.closed?.code).toBe(1000);
    expect(over).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[E6] returns credit as the client reads, in batches', async () => {
    const { socket, events } = await open();
    const padding = 'x'.repeat(CREDIT_INITIAL_BYTES / 8);
    for (const revision of [1, 2, 3, 4]) socket.deliver(changes(revision, padding));
    await turns();
    expect(creditOf(socket)).toEqual([]);
    await events.take(3);
    await turns();
    expect(creditOf(socket)).toEqual([]);
    await events.take(1);
    await turns();
    const [given = 0, ...more] = creditOf(socket).map(Number);
    expect(given).toBeGreaterThan(CREDIT_INITIAL_BYTES / 2);
    expect(given).toBeLessThan(CREDIT_INITIAL_BYTES / 2 + 1_000);
    expect(more).toEqual([]);
  });

  it('[W21] returns a mark after the client has read everything before it, and does not forward it', async () => {
    const { socket, events } = await open();
    socket.deliver(changes(1));
    socket.deliver({ type: 'mark', mark: 'm1' });
    await turns();
    expect(socket.sent.filter(({ type }) => type === 'credit')).toEqual([]);
    expect(socket.purpose.proof).toBe('marks');
    await events.take(1);
    await turns();
    const size = JSON.stringify(changes(1)).length + JSON.stringify({ type: 'mark', mark: 'm1' }).length;
    expect(socket.sent.filter(({ type }) => type === 'credit')).toEqual([{ type: 'credit', bytes: size, mark: 'm1' }]);
    socket.deliver(changes(2));
    expect((await events.next())?.id).toBe('cE.2.x');
  });

  it('[E6] is aborted if the namespace closes the socket for a slow consumer', async () => {
    const { socket, events, over } = await open();
    for (const revision of [1, 2, 3]) socket.deliver(changes(revision));
    await turns();
    socket.break(CLOSE_CODES.slowConsumer);
    await expect(events.next()).rejects.toThrow();
    expect(over).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[E6] waits a limited time for a client that does not read the rest', async () => {
    const { socket, events } = await open();
    for (const revision of [1, 2, 3]) socket.deliver(changes(revision));
    await turns();
    socket.break(1006);
    await vi.advanceTimersByTimeAsync(EVENT_STREAM_FLUSH_MAX_MS - 1);
    expect((await events.next())?.id).toBe('cE.1.x');
    await vi.advanceTimersByTimeAsync(1);
    await turns();
    expect(vi.getTimerCount()).toBe(0);
    await expect(events.next()).rejects.toThrow();
  });
});

describe("a stream that can't be opened", () => {
  async function failing(act: (socket: RecordedSocket, gone: AbortController) => void) {
    const sockets = new RecordingSockets();
    sockets.reconnectWithinMs = undefined;
    const gone = new AbortController();
    const over = vi.fn();
    const opening = new EventStream(new TransformStream(), over).open({
      sockets,
      purpose: socketPurpose({ kind: 'stream' }),
      watch: { scope: { groups: [], services: [] } },
      gone: gone.signal,
    });
    opening.catch(() => {});
    const socket = await sockets.next();
    await turns();
    act(socket, gone);
    await turns();
    expect(over).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
    return { opening, socket };
  }

  it('is refused with the error of the watch', async () => {
    const { opening, socket } = await failing((each) =>
      each.deliver({ type: 'error', id: 'watch', code: 'LIMIT_EXCEEDED', detail: 'too many names' }),
    );
    await expect(opening).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'too many names' });
    expect(socket.closed?.code).toBe(1000);
  });

  it('is unavailable if the socket breaks first', async () => {
    const { opening } = await failing((socket) => socket.break(1006));
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[E5] releases everything if the client disconnects first', async () => {
    const { socket } = await failing((_, gone) => gone.abort());
    expect(socket.closed?.code).toBe(1000);
  });

  it('releases everything if no socket can be opened', async () => {
    const sockets = new RecordingSockets();
    sockets.failure = new Error('unreachable');
    const over = vi.fn();
    const opening = new EventStream(new TransformStream(), over).open({
      sockets,
      purpose: socketPurpose({ kind: 'stream' }),
      watch: { scope: { groups: [], services: [] } },
      gone: new AbortController().signal,
    });
    await expect(opening).rejects.toThrow('unreachable');
    await turns();
    expect(over).toHaveBeenCalledOnce();
  });
});

it('[E1] an event has the unchanged frame as its data, on one line', () => {
  const text = '{"type": "bookmark", "watch":"stream","cursor":"cE.1.x","more":"a\\nb\u2028"}';
  expect(eventText({ type: 'bookmark', cursor: 'cE.1.x' }, text)).toBe(
    `event: bookmark\nid: cE.1.x\ndata: ${text}\n\n`,
  );
  expect(eventText({ type: 'reset', cursor: undefined }, text)).toBe(`event: reset\ndata: ${text}\n\n`);
});

it('[E4, E5] a keepalive is not an event', () => {
  expect(KEEPALIVE_TEXT).toMatch(/^:.*\n\n$/);
});
