import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordedClient } from '../../../test/fixtures/recorded-client';
import { RecordingSockets } from '../../../test/fixtures/recording-sockets';
import { socketPurpose } from '../../../test/fixtures/socket-purpose';
import { CLOSE_CODES } from '../../model/frames';
import { CREDIT_INITIAL_BYTES, EVENT_STREAM_MAX_MS } from '../../model/limits';
import { RegistryWatch } from './registry-watch';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const scope = { groups: [], services: [{ group: 'g', service: 'orders' }] };

/** A watch, as its two ends see it. */
function begin(sockets = new RecordingSockets()) {
  const over = vi.fn();
  const clients: RecordedClient[] = [];
  const watch = new RegistryWatch((closed) => {
    const client = new RecordedClient(closed);
    clients.push(client);
    return client.accepted();
  }, over);
  const opening = watch.open({ sockets, purpose: socketPurpose({ kind: 'stream' }), scope });
  return { sockets, over, opening, clients };
}

async function open() {
  const { sockets, over, opening, clients } = begin();
  const socket = await sockets.next();
  const answer = await opening;
  const [client] = clients;
  if (client === undefined) throw new Error('no client was accepted');
  return { socket, over, answer, client };
}

const gone = { type: 'delete', kind: 'instance', group: 'g', service: 'orders', id: 'a' };
const changes = (padding = '') => ({ type: 'changes', watch: 'registry', cursor: 'c', changes: [gone], padding });

describe('RegistryWatch', () => {
  it('[X6] watches what the request names', async () => {
    const { socket, over } = await open();
    expect(socket.sent).toEqual([
      { type: 'watch', id: 'watch', watch: 'registry', scope: { groups: [], services: ['g@@orders'] } },
    ]);
    expect(over).not.toHaveBeenCalled();
  });

  it('[X6] is refused as the namespace refuses it, and admits no client', async () => {
    const sockets = new RecordingSockets();
    sockets.reconnectWithinMs = undefined;
    const { opening, over, clients } = begin(sockets);
    (await sockets.next()).deliver({ type: 'error', id: 'watch', code: 'LIMIT_EXCEEDED', detail: 'full' });
    await expect(opening).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'full' });
    expect([over.mock.calls.length, clients.length, sockets.opened[0]?.closed?.code]).toEqual([1, 0, 1000]);
  });

  it('[X6] is refused if the namespace is unreachable, or closes before it responds', async () => {
    const out = new RecordingSockets();
    out.failure = new Error('out of reach');
    const { opening, over } = begin(out);
    await expect(opening).rejects.toThrow('out of reach');
    expect(over).toHaveBeenCalledOnce();
    const silent = new RecordingSockets();
    silent.reconnectWithinMs = undefined;
    const broken = begin(silent);
    (await silent.next()).break(1006);
    await expect(broken.opening).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(broken.over).toHaveBeenCalledOnce();
  });

  it.each([
    [1006, 1012],
    [1001, 1012],
    [CLOSE_CODES.namespaceGone, 1012],
    [CLOSE_CODES.unauthorized, 1008],
    [CLOSE_CODES.slowConsumer, 1013],
  ])('[X7] sends a close frame when the namespace closes with %d: %d', async (code, expected) => {
    const { socket, client, over } = await open();
    socket.break(code);
    expect(client.closed?.code).toBe(expected);
    expect(over).toHaveBeenCalledOnce();
  });

  it('[X7] ends after ten minutes or slightly less, with a close frame', async () => {
    const { socket, client, over } = await open();
    await vi.advanceTimersByTimeAsync(EVENT_STREAM_MAX_MS * 0.89);
    expect(client.closed).toBe(undefined);
    await vi.advanceTimersByTimeAsync(EVENT_STREAM_MAX_MS * 0.11);
    expect([client.closed?.code, socket.closed?.code]).toEqual([1001, 1000]);
    expect(over).toHaveBeenCalledOnce();
  });

  it('[X7] ends when the client disconnects', async () => {
    const { socket, client, over } = await open();
    client.leave();
    expect([socket.closed?.code, client.closed]).toEqual([1000, undefined]);
    expect(over).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
    client.leave();
    expect(over).toHaveBeenCalledOnce();
  });

  it('[W21] reports that it can’t know whether its client reads, and grants credit for each part to get the next', async () => {
    const { socket } = await open();
    expect(socket.purpose.proof).toBe('none');
    socket.deliver({ type: 'mark', mark: 'm1' });
    const part = { ...changes('x'), part: 0, last: false };
    socket.deliver(part);
    const credit = socket.sent.filter(({ type }) => type === 'credit');
    expect(credit).toEqual([{ type: 'credit', bytes: JSON.stringify(part).length }]);
  });

  it('[X6] returns credit in batches', async () => {
    const { socket } = await open();
    const credit = () => socket.sent.filter(({ type }) => type === 'credit');
    socket.deliver(changes('x'.repeat(CREDIT_INITIAL_BYTES / 2 - 1_000)));
    expect(credit()).toEqual([]);
    socket.deliver(changes('x'.repeat(1_000)));
    const bytes =
      JSON.stringify(changes('x'.repeat(CREDIT_INITIAL_BYTES / 2))).length + JSON.stringify(changes()).length;
    expect(credit()).toEqual([{ type: 'credit', bytes }]);
  });
});
