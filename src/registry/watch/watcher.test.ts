import { describe, expect, it } from 'vitest';
import { HandSockets } from '../../../test/fixtures/hand-sockets';
import { WatchScope } from '../../model/frames';
import { CREDIT_INITIAL_BYTES, CREDIT_MAX_BYTES, CREDIT_STEP_BYTES } from '../../model/limits';
import { newCounters } from '../counters';
import { SNAPSHOT_START } from './connection';
import { Peer, Watcher } from './watcher';

function peer() {
  const sockets = new HandSockets(() => 0);
  return new Peer(sockets.connectionOf(sockets.open()), newCounters(0));
}

const watcher = (memory = {}) => new Watcher(peer(), { name: 'w', scope: WatchScope.parse({}), ...memory }, 5);

describe('Peer', () => {
  it('[W12] has credit until that is sent, and one frame may take more than is left', () => {
    const rich = peer();
    rich.send('x'.repeat(CREDIT_INITIAL_BYTES - 1));
    expect(rich.hasCredit).toBe(true);
    rich.send('xxx');
    expect(rich.hasCredit).toBe(false);
    rich.grant(2);
    expect(rich.hasCredit).toBe(false);
    rich.grant(1);
    expect(rich.hasCredit).toBe(true);
  });

  it('[W12] counts no credit beyond the highest', () => {
    const rich = peer();
    rich.grant(CREDIT_MAX_BYTES);
    rich.grant(CREDIT_MAX_BYTES);
    rich.send('x'.repeat(CREDIT_MAX_BYTES));
    expect(rich.hasCredit).toBe(false);
  });
});

describe('Peer, after a sleep', () => {
  /** A peer that wakes to what another one left. */
  const slept = (use: (peer: Peer) => void): Peer => {
    const sockets = new HandSockets(() => 0);
    const socket = sockets.open();
    use(new Peer(sockets.connectionOf(socket), newCounters(0)));
    sockets.sleep();
    return new Peer(sockets.connectionOf(socket), newCounters(0));
  };

  it('[W12, W14] has what credit it had, but for a step', () => {
    const woken = slept((peer) => peer.send('x'.repeat(CREDIT_INITIAL_BYTES + CREDIT_STEP_BYTES)));
    expect(woken.hasCredit).toBe(false);
    woken.grant(CREDIT_STEP_BYTES);
    expect(woken.hasCredit).toBe(false);
    woken.grant(1);
    expect(woken.hasCredit).toBe(true);
    const nearly = slept((peer) => {
      for (let sent = 0; sent < CREDIT_INITIAL_BYTES; sent += 1_000) peer.send('x'.repeat(1_000));
    });
    nearly.send('x'.repeat(CREDIT_STEP_BYTES));
    expect(nearly.hasCredit).toBe(false);
  });

  it('[W12] writes nothing down for a receiver that keeps up', () => {
    const sockets = new HandSockets(() => 0);
    const connection = sockets.connectionOf(sockets.open());
    const peer = new Peer(connection, newCounters(0));
    for (let frames = 0; frames < 100; frames++) {
      peer.send('x'.repeat(100_000));
      peer.grant(100_000);
    }
    expect(connection.memory.credit).toBeUndefined();
  });
});

describe('Watcher', () => {
  it('is live where nothing else is remembered', () => {
    expect(watcher().isLive).toBe(true);
    expect(watcher({ sentUntil: 5 }).isLive).toBe(false);
  });

  it('[W24] has acknowledged what its socket remembers, whatever it was sent', () => {
    expect(watcher().acknowledgedRevision).toBe(0);
    expect(watcher({ sentUntil: 5 }).acknowledgedRevision).toBe(0);
    expect(watcher({ sentUntil: 5, acknowledged: 3 }).acknowledgedRevision).toBe(3);
    expect(watcher({ sentUntil: 5, snapshotAfter: SNAPSHOT_START }).acknowledgedRevision).toBe(0);
  });

  it('[W24] keeps an acknowledgement with its socket', () => {
    const sockets = new HandSockets(() => 0);
    const socket = sockets.open();
    const connection = sockets.connectionOf(socket);
    const memory = { name: 'w', scope: WatchScope.parse({}) };
    connection.memory.watches.push(memory);
    new Watcher(new Peer(connection, newCounters(0)), memory, 5).acknowledgedRevision = 4;
    expect(socket.kept.watches).toMatchObject([{ acknowledged: 4 }]);
  });

  it('[W13] knows what waits for it: what came since it is behind, less what it was sent of that', () => {
    const slow = watcher({ sentUntil: 5 });
    slow.noteWaiting(8, ['1234']);
    slow.noteWaiting(9, ['12', '34']);
    slow.noteSent(7, ['it began behind this']);
    expect(slow.waitingSize).toBe(8);
    slow.noteSent(8, ['1234']);
    expect([slow.waitingSize, slow.toldRevision]).toEqual([4, 8]);
    slow.noteNoneWaiting();
    slow.noteSent(9, ['12', '34']);
    expect(slow.waitingSize).toBe(0);
  });
});
