import { describe, expect, it } from 'vitest';
import { HandSockets } from '../../../../test/fixtures/hand-sockets';
import { settle } from '../../../../test/simulation/virtual-time';
import {
  FRAME_PENDING_OVERHEAD_BYTES,
  FRAMES_PER_TURN_BYTES,
  NAMESPACE_ANSWERS_WAITING_MAX_BYTES,
  NAMESPACE_FRAMES_PENDING_MAX_BYTES,
  SOCKET_ANSWERS_WAITING_MAX_BYTES,
  SOCKET_FRAMES_PENDING_MAX_BYTES,
} from '../../../model/limits';
import { FrameQueue } from './received-frame-queue';

/** Returns a length that fills a share of a limit. */
const filling = (size: number) => size - FRAME_PENDING_OVERHEAD_BYTES;

/** A queue whose turns and holds the test controls. */
function stage() {
  const sockets = new HandSockets(() => 0);
  const turns: (() => void)[] = [];
  const held = new Set<object>();
  const queue = new FrameQueue(
    () => new Promise((resolve) => void turns.push(resolve)),
    (connection) => !held.has(connection),
  );
  const begun: string[] = [];
  const connect = () => sockets.connectionOf(sockets.open());
  const add = (connection: ReturnType<typeof connect>, name: string, length: number, work = Promise.resolve()) =>
    queue.add(connection, length, () => {
      begun.push(name);
      return work;
    });
  const nextTurn = async () => {
    turns.shift()?.();
    await settle();
  };
  return { queue, begun, connect, add, nextTurn, held, turns };
}

describe('FrameQueue', () => {
  it('[W20] starts a frame at once if none is pending, and yields after a large one', async () => {
    const { begun, connect, add, nextTurn, turns } = stage();
    const socket = connect();
    void add(socket, 'a', FRAMES_PER_TURN_BYTES);
    expect([begun, turns.length]).toEqual([['a'], 1]);
    await settle();
    // It is handled, and nothing else waits: the next one still waits for the turn.
    void add(socket, 'b', 1);
    expect(begun).toEqual(['a']);
    await nextTurn();
    expect(begun).toEqual(['a', 'b']);
  });

  it('[W20] yields after many small frames, and after large responses', async () => {
    const { queue, begun, connect, add, nextTurn, turns } = stage();
    const socket = connect();
    const each = FRAMES_PER_TURN_BYTES / 4;
    for (const name of ['a', 'b', 'c', 'd', 'e']) void add(socket, name, filling(each));
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    await nextTurn();
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
    queue.spend(FRAMES_PER_TURN_BYTES);
    void add(socket, 'f', 1);
    void add(socket, 'g', 1);
    expect([begun.at(-1), turns.length]).toEqual(['f', 1]);
  });

  it('[W20] serves connections in turn, and keeps the order of each', async () => {
    const { begun, connect, add, nextTurn } = stage();
    const [one, two] = [connect(), connect()];
    for (const name of ['a1', 'a2', 'a3']) void add(one, name, FRAMES_PER_TURN_BYTES);
    for (const name of ['b1', 'b2']) void add(two, name, FRAMES_PER_TURN_BYTES);
    for (let turns = 0; turns < 5; turns++) await nextTurn();
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
  });

  it('[W20] counts a frame until it is handled, and limits the number of pending ones', async () => {
    const { connect, add, queue } = stage();
    const work = Promise.withResolvers<void>();
    const [full, other] = [connect(), connect()];
    const adding = add(full, 'a', filling(SOCKET_FRAMES_PENDING_MAX_BYTES), work.promise);
    await settle();
    expect(add(full, 'b', 1)).toBeUndefined();
    expect(add(other, 'c', filling(SOCKET_FRAMES_PENDING_MAX_BYTES), work.promise)).toBeDefined();
    expect(NAMESPACE_FRAMES_PENDING_MAX_BYTES).toBe(2 * SOCKET_FRAMES_PENDING_MAX_BYTES);
    expect(add(connect(), 'd', 1)).toBeUndefined();
    work.resolve();
    await adding;
    expect(add(full, 'e', 1)).toBeDefined();
    queue.drop(full);
  });

  it('drops frames that have not started, and resolves them', async () => {
    const { begun, connect, add, queue, nextTurn } = stage();
    const [gone, other] = [connect(), connect()];
    void add(gone, 'a', FRAMES_PER_TURN_BYTES);
    const dropped = add(gone, 'b', filling(SOCKET_FRAMES_PENDING_MAX_BYTES - 2 * FRAMES_PER_TURN_BYTES));
    void add(other, 'c', 1);
    queue.drop(gone);
    await dropped;
    await nextTurn();
    expect(begun).toEqual(['a', 'c']);
    expect(add(gone, 'd', filling(SOCKET_FRAMES_PENDING_MAX_BYTES))).toBeDefined();
  });

  it('holds back the frames of a connection, and resumes them on release', async () => {
    const { begun, connect, add, queue, held } = stage();
    const [slow, other] = [connect(), connect()];
    held.add(slow);
    void add(slow, 'a', 1);
    void add(other, 'b', 1);
    expect(begun).toEqual(['b']);
    held.clear();
    queue.goOn();
    expect(begun).toEqual(['b', 'a']);
  });

  it('[W20] holds back a connection while too many bytes of its answers wait, and yields after a large one', async () => {
    const { begun, connect, add, queue, nextTurn } = stage();
    const [greedy, other] = [connect(), connect()];
    const work = Promise.withResolvers<void>();
    void add(greedy, 'a', 1, work.promise);
    const sent = queue.holdAnswer(greedy, SOCKET_ANSWERS_WAITING_MAX_BYTES + 1);
    void add(greedy, 'b', 1);
    void add(other, 'c', 1);
    expect(begun).toEqual(['a', 'c']);
    void add(other, 'd', 1);
    expect(begun).toEqual(['a', 'c']);
    await nextTurn();
    expect(begun).toEqual(['a', 'c', 'd']);
    sent();
    expect(begun).toEqual(['a', 'c', 'd', 'b']);
    work.resolve();
  });

  it('[W20] holds back all connections while the answers to all of them are too large', async () => {
    const { begun, connect, add, queue, nextTurn } = stage();
    const work = Promise.withResolvers<void>();
    const size = SOCKET_ANSWERS_WAITING_MAX_BYTES;
    const sent: (() => void)[] = [];
    for (let all = 0; all <= NAMESPACE_ANSWERS_WAITING_MAX_BYTES; all += size) {
      const socket = connect();
      void add(socket, 'full', 1, work.promise);
      sent.push(queue.holdAnswer(socket, size));
      await nextTurn();
    }
    void add(connect(), 'other', 1);
    for (let turns = 0; turns < 3; turns++) await nextTurn();
    expect(begun).not.toContain('other');
    sent[0]?.();
    await nextTurn();
    expect(begun).toContain('other');
    work.resolve();
  });

  it('knows when all pending frames have started', async () => {
    const { begun, connect, add, queue, nextTurn } = stage();
    const socket = connect();
    expect(queue.begun(socket)).toBeUndefined();
    for (const name of ['a', 'b']) void add(socket, name, FRAMES_PER_TURN_BYTES);
    let isOver = false;
    void queue.begun(socket)?.then(() => {
      isOver = true;
    });
    await nextTurn();
    expect([begun, isOver]).toEqual([['a', 'b'], false]);
    await nextTurn();
    expect(isOver).toBe(true);
  });
});
