import { describe, expect, it } from 'vitest';
import { handBudget } from '../../../../test/fixtures/hand-budget';
import { HandSockets } from '../../../../test/fixtures/hand-sockets';
import { CREDIT_INITIAL_BYTES } from '../../../model/limits';
import type { ScopePart } from '../../../model/watch-scope';
import { SNAPSHOT_START } from '../../platform/connection';
import { newCounters } from '../../platform/counters';
import { Peer, Watcher } from './watcher';

const WHOLE: readonly ScopePart[] = [{ kind: 'namespace' }];

function peer() {
  const sockets = new HandSockets(() => 0);
  return new Peer(sockets.connectionOf(sockets.open()), newCounters(0), handBudget().budget);
}

const watcher = (memory = {}) => new Watcher(peer(), { name: 'w', scope: WHOLE, ...memory }, 5);

describe('Peer', () => {
  it('[W12] has credit until that is sent, and one frame may take more than is left', () => {
    const reader = peer();
    // A mark comes along, and counts as well.
    reader.send('x'.repeat(CREDIT_INITIAL_BYTES - 100));
    expect([reader.hasCredit, reader.isFull]).toEqual([true, false]);
    reader.send('x'.repeat(200));
    expect([reader.hasCredit, reader.isFull]).toEqual([false, true]);
  });

  it('[W12] is answered whatever its credit is', () => {
    const reader = peer();
    reader.answer('x'.repeat(CREDIT_INITIAL_BYTES));
    expect(reader.hasCredit).toBe(true);
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
    const memory = { name: 'w', scope: WHOLE };
    connection.memory.watches.push(memory);
    new Watcher(new Peer(connection, newCounters(0), handBudget().budget), memory, 5).acknowledgedRevision = 4;
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

  it('[W21] knows what a client has read that acknowledges all it was sent', () => {
    const live = watcher();
    live.peer.send('another watch');
    live.send('mine');
    const { sent } = live.peer.account;
    live.peer.send('another watch');
    expect([live.readUpTo(4), live.readUpTo(5)]).toEqual([undefined, sent]);
    expect(watcher({ sentUntil: 5 }).readUpTo(5)).toBeUndefined();
  });
});
