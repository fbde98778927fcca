import { describe, expect, it } from 'vitest';
import { handBudget } from '../../../../test/fixtures/hand-budget';
import { HandSockets } from '../../../../test/fixtures/hand-sockets';
import { CREDIT_INITIAL_BYTES, CREDIT_STEP_BYTES, MARK_INTERVAL_BYTES } from '../../../model/limits';
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
  it('[W12] has credit until it is used up, and one frame may exceed the rest', () => {
    const reader = peer();
    // A mark is included, and counts too.
    reader.send('x'.repeat(CREDIT_INITIAL_BYTES - 100));
    expect([reader.hasCredit, reader.isFull]).toEqual([true, false]);
    reader.send('x'.repeat(200));
    expect([reader.hasCredit, reader.isFull]).toEqual([false, true]);
  });

  it('[W12] gets responses whatever its credit', () => {
    const reader = peer();
    reader.answer('x'.repeat(CREDIT_INITIAL_BYTES));
    expect(reader.hasCredit).toBe(true);
  });
});

describe('Watcher', () => {
  it('is live if its socket stores nothing else', () => {
    expect(watcher().isLive).toBe(true);
    expect(watcher({ sentUntil: 5 }).isLive).toBe(false);
  });

  it('[W24] has acknowledged what its socket stores, whatever it was sent', () => {
    expect(watcher().acknowledgedRevision).toBe(0);
    expect(watcher({ sentUntil: 5 }).acknowledgedRevision).toBe(0);
    expect(watcher({ sentUntil: 5, acknowledged: 3 }).acknowledgedRevision).toBe(3);
    expect(watcher({ sentUntil: 5, snapshotAfter: SNAPSHOT_START }).acknowledgedRevision).toBe(0);
  });

  it('[W24] stores an acknowledgement with its socket', () => {
    const sockets = new HandSockets(() => 0);
    const socket = sockets.open();
    const connection = sockets.connectionOf(socket);
    const memory = { name: 'w', scope: WHOLE };
    connection.memory.watches.push(memory);
    new Watcher(new Peer(connection, newCounters(0), handBudget().budget), memory, 5).acknowledgedRevision = 4;
    expect(socket.kept.watches).toMatchObject([{ acknowledged: 4 }]);
  });

  it('[W13] knows its pending amount: the changes since it fell behind, minus those it was sent', () => {
    const slow = watcher({ sentUntil: 5 });
    slow.noteWaiting(8, ['1234']);
    slow.noteWaiting(9, ['12', '34']);
    slow.noteSent(7, ['it started after this revision']);
    expect(slow.waitingSize).toBe(8);
    slow.noteSent(8, ['1234']);
    expect([slow.waitingSize, slow.sentRevision]).toEqual([4, 8]);
    slow.noteNoneWaiting();
    slow.noteSent(9, ['12', '34']);
    expect(slow.waitingSize).toBe(0);
  });

  it('[W21] knows that a client that acknowledges everything has read everything', () => {
    const live = watcher();
    live.peer.send('another watch');
    live.send('mine');
    const { sent } = live.peer.account;
    live.peer.send('another watch');
    expect([live.readUpTo(4), live.readUpTo(5)]).toEqual([undefined, sent]);
    expect(watcher({ sentUntil: 5 }).readUpTo(5)).toBeUndefined();
  });
});

describe('UnreadAccount', () => {
  it('trusts the Worker’s count where there is one, and never the client’s', () => {
    const { open } = handBudget();
    const kinds = [
      open({ kind: 'socket' }),
      open({ kind: 'stream', proof: 'marks' }),
      open({ kind: 'stream' }),
      open({ kind: 'stream', proof: 'none' }),
      open({ kind: 'poll' }),
    ];
    expect(kinds.map(({ account: { isTrusted, takesMarks } }) => [isTrusted, takesMarks])).toEqual([
      [false, true],
      [true, true],
      [true, false],
      [false, false],
      [true, false],
    ]);
  });

  it('[W14, W12] has the same unread amount after a sleep, up to one step', () => {
    const { budget, open, wake } = handBudget();
    const { account, socket } = open();
    budget.sent(account, CREDIT_INITIAL_BYTES + CREDIT_STEP_BYTES, false);
    const woken = wake(socket);
    expect(CREDIT_INITIAL_BYTES + CREDIT_STEP_BYTES - woken.unread).toBeLessThan(CREDIT_STEP_BYTES);
    expect(budget.hasRoom(woken)).toBe(false);
    for (let sent = 0; sent < CREDIT_INITIAL_BYTES; sent += 1_000) budget.sent(woken, 1_000, false);
    expect(2 * CREDIT_INITIAL_BYTES - wake(socket).unread).toBeLessThan(CREDIT_STEP_BYTES);
  });

  it('[W14, W21] stores the unconfirmed amount, its mark and the start of the wait over a sleep', () => {
    const { budget, time, open, wake } = handBudget();
    const { account, socket } = open();
    time.now = 1_000;
    budget.sent(account, CREDIT_INITIAL_BYTES, false);
    budget.wait(account);
    const { unproven, mark } = account;
    const woken = wake(socket);
    expect(woken).toMatchObject({ unproven, mark, owesSince: 1_000, isProver: false });
    budget.confirm(woken, CREDIT_INITIAL_BYTES, undefined);
    expect(wake(socket)).toMatchObject({ unread: expect.any(Number), unproven });
    budget.confirm(woken, 1, mark?.id);
    expect(wake(socket)).toMatchObject({ unproven: 0, mark: undefined, owesSince: undefined });
  });

  it('[W12] stores nothing for a client that keeps up', () => {
    const { budget, open } = handBudget();
    const { account, connection } = open();
    for (let frames = 0; frames < 100; frames++) {
      budget.sent(account, MARK_INTERVAL_BYTES, false);
      budget.confirm(account, MARK_INTERVAL_BYTES, account.mark?.id);
    }
    expect(connection.memory).toMatchObject({ watches: [] });
    expect([connection.memory.credit, connection.memory.reading]).toEqual([undefined, undefined]);
  });

  it('counts credit that an earlier version accumulated as unused', () => {
    const { open } = handBudget();
    const memory = { credit: 3 * CREDIT_INITIAL_BYTES };
    expect(open(memory).account.unread).toBe(0);
  });
});
