import { describe, expect, it } from 'vitest';
import { handBudget } from '../../../../test/fixtures/hand-budget';
import {
  ANSWERS_UNREAD_MAX_BYTES,
  CREDIT_INITIAL_BYTES,
  MARK_INTERVAL_BYTES,
  UNPROVEN_MAX_MS,
  UNPROVEN_PER_CONNECTION_MAX_BYTES,
  UNPROVEN_PER_NAMESPACE_MAX_BYTES,
  UNPROVEN_PER_TOKEN_MAX_BYTES,
  UNREAD_BY_NEWCOMERS_MAX_BYTES,
  UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES,
  UNREAD_MAX_MS,
  UNREAD_PER_NAMESPACE_MAX_BYTES,
  UNREAD_PER_TOKEN_MAX_BYTES,
  WINDOW_MIN_BYTES,
} from '../../../model/limits';

type Opened = ReturnType<ReturnType<typeof handBudget>['open']>;
const MIB = 1024 * 1024;
const token = (tokenId: string) => ({ caller: { tokenId } });

/** A budget, and clients of three kinds: one that reads, one that only claims to, and one that does neither. */
function stage() {
  const hand = handBudget();
  const { budget } = hand;
  const send = ({ account }: Opened, bytes: number) => budget.sent(account, bytes, false);
  const reads = ({ account }: Opened) => budget.confirm(account, account.unread || 1, account.mark?.id);
  const claims = ({ account }: Opened) => budget.confirm(account, 1_000 * MIB, undefined);
  /** Sends what a connection may be sent, in pieces, and returns how much that was. */
  const fill = (opened: Opened, most = 1_000 * MIB, piece = 8 * 1024): number => {
    let sent = 0;
    for (; sent < most && opened.account.isOpen && budget.hasRoom(opened.account); sent += piece) send(opened, piece);
    return sent;
  };
  return { ...hand, send, reads, claims, fill };
}

describe('the window of one connection', () => {
  it('[W12] is open until it is full, and reopens as the client reads', () => {
    const { open, fill, reads, budget } = stage();
    const one = open();
    expect(fill(one)).toBeGreaterThan(CREDIT_INITIAL_BYTES - MARK_INTERVAL_BYTES);
    expect([budget.hasRoom(one.account), budget.isFull(one.account)]).toEqual([false, true]);
    reads(one);
    expect(fill(one)).toBeGreaterThan(CREDIT_INITIAL_BYTES / 2);
  });

  it('[W12] never exceeds its initial size, whatever is granted in advance', () => {
    const { open, claims, fill } = stage();
    const one = open();
    for (let grants = 0; grants < 10; grants++) claims(one);
    expect(fill(one)).toBeLessThanOrEqual(CREDIT_INITIAL_BYTES);
  });
});

describe('marks', () => {
  it('[W21] are sent after a fixed amount, one at a time, and confirm everything before them', () => {
    const { open, send, budget } = stage();
    const one = open();
    const marks = () => {
      one.socket.take();
      return one.socket.marks;
    };
    for (let sent = 0; sent < 3; sent++) send(one, MARK_INTERVAL_BYTES);
    expect(marks()).toEqual(['mark-1']);
    budget.confirm(one.account, 1, 'mark-1');
    expect(one.account).toMatchObject({ unread: 2 * MARK_INTERVAL_BYTES + markSize(2), isProver: true });
    expect(marks()).toEqual(['mark-1', 'mark-2']);
    budget.confirm(one.account, 1, 'mark-2');
    expect([one.account.unread, one.account.unproven, one.account.mark]).toEqual([0, 0, undefined]);
  });

  it('[W21] prove nothing if guessed or already returned', () => {
    const { open, send, budget } = stage();
    const one = open();
    send(one, MARK_INTERVAL_BYTES);
    const { unproven } = one.account;
    budget.confirm(one.account, 1, 'mark-7');
    expect(one.account.unproven).toBe(unproven);
    budget.confirm(one.account, 1, 'mark-1');
    send(one, 1_000);
    budget.confirm(one.account, 1, 'mark-1');
    expect(one.account.unproven).toBe(1_000);
  });

  it('[W21] are sent to all with unread output when room is short', () => {
    const { open, send, fill } = stage();
    const quiet = open(token('quiet'));
    send(quiet, 1_000);
    expect(quiet.account.mark).toBeUndefined();
    for (let count = 0; count < 20; count++) fill(open(token(`token-${count % 2}`)));
    expect(quiet.account.mark).toBeDefined();
  });
});

/** Length of a mark frame. */
const markSize = (count: number) => JSON.stringify({ type: 'mark', mark: `mark-${count}` }).length;

describe('all connections together', () => {
  it('[W21] have limited unread output, per namespace and per token', () => {
    const { open, fill, send, reads, budget } = stage();
    const use = (tokenId: string) => {
      const one = open(token(tokenId));
      send(one, 1_000);
      reads(one);
      return fill(one);
    };
    const uses = Array.from({ length: 40 }, () => use('greedy'));
    expect(budget.sums.unread).toBeLessThan(UNREAD_PER_TOKEN_MAX_BYTES + MIB);
    expect(uses.at(-1)).toBe(0);
    expect(use('modest')).toBeGreaterThan(MIB);
    for (let count = 0; count < 10; count++) use(`other-${count}`);
    expect(budget.sums.unread).toBeLessThan(UNREAD_PER_NAMESPACE_MAX_BYTES + MIB);
  });

  it('[W21] start with less if many start, so that each gets some and readers make progress', () => {
    const { open, fill, reads, budget } = stage();
    const begin = () => {
      const one = open();
      budget.begin(one.account);
      return one;
    };
    const newcomers = Array.from({ length: 400 }, begin);
    const got = newcomers.map((one) => fill(one));
    expect(Math.min(...got)).toBeGreaterThanOrEqual(WINDOW_MIN_BYTES);
    expect(got[0]).toBeGreaterThan(CREDIT_INITIAL_BYTES / 2);
    expect(got.at(-1)).toBeLessThan(2 * WINDOW_MIN_BYTES);
    expect(budget.sums.unread).toBeLessThan(UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES + MIB);
    // Bytes in a client's system buffers count as read, and must not raise the client's share.
    for (let round = 0; round < 3; round++) {
      for (const one of newcomers) {
        reads(one);
        fill(one);
      }
    }
    expect(budget.sums.unread).toBeLessThan(UNREAD_PER_TOKEN_MAX_BYTES);
    const late = begin();
    expect(fill(late)).toBeGreaterThanOrEqual(WINDOW_MIN_BYTES);
    reads(late);
    for (const { account } of newcomers) budget.closed(account);
    expect(fill(late)).toBeGreaterThan(CREDIT_INITIAL_BYTES / 2);
  });

  it('[W21] that have read nothing leave room for other tokens, and for those that have read', () => {
    const { open, fill, budget } = stage();
    for (let count = 0; count < 20; count++) fill(open(token('one')));
    expect(budget.sums.unreadByNewcomers).toBeLessThan(UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES + MIB);
    expect(fill(open(token('two')))).toBeGreaterThan(MIB);
    for (let count = 0; count < 20; count++) fill(open(token('two')));
    expect(budget.sums.unreadByNewcomers).toBeLessThan(UNREAD_BY_NEWCOMERS_MAX_BYTES + MIB);
    expect(fill(open({ ...token('three'), kind: 'poll' }))).toBeGreaterThan(MIB);
  });

  it('[W21] continue in the order they waited, as others read or close', () => {
    const { open, fill, budget, goneOn } = stage();
    const full = Array.from({ length: 9 }, () => open());
    for (const one of full) fill(one);
    const waiting = [open(), open()];
    for (const { account } of waiting) budget.wait(account);
    expect(goneOn).toEqual([]);
    const [first] = full;
    if (first !== undefined) budget.closed(first.account);
    expect(goneOn).toEqual(waiting.map(({ connection }) => connection));
  });
});

describe('a client that gives no sign of reading', () => {
  it('[W21] is closed after 30 s with pending output of its own', () => {
    const { open, fill, budget, time, visits } = stage();
    const one = open();
    fill(one);
    budget.wait(one.account);
    expect(visits).toEqual([UNREAD_MAX_MS]);
    time.now = UNREAD_MAX_MS - 1;
    budget.closeStalled();
    expect(one.socket.closed).toBeUndefined();
    time.now = UNREAD_MAX_MS;
    budget.closeStalled();
    expect(one.socket.closed).toMatchObject({ code: 4008 });
  });

  it('[W21] is closed if others wait for its room, and stays open if nothing waits', () => {
    const { open, fill, budget, time } = stage();
    const full = Array.from({ length: 18 }, () => open());
    for (const one of full) fill(one, 2 * MIB);
    time.now = UNREAD_MAX_MS;
    budget.closeStalled();
    expect(full.every(({ socket }) => socket.closed === undefined)).toBe(true);
    budget.wait(open().account);
    time.now += UNREAD_MAX_MS;
    budget.closeStalled();
    expect(full.every(({ socket }) => socket.closed?.code === 4008)).toBe(true);
  });

  it('[W21] is not closed while it reads, however slowly', () => {
    const { open, fill, budget, time } = stage();
    const slow = open();
    for (let round = 0; round < 10; round++) {
      fill(slow);
      budget.wait(slow.account);
      time.now += UNREAD_MAX_MS - 1;
      budget.closeStalled();
      budget.confirm(slow.account, 10_000, undefined);
    }
    expect(slow.socket.closed).toBeUndefined();
  });

  it('[W21] still counts after the close, until its socket is gone', () => {
    const { open, fill, budget } = stage();
    const one = open();
    const sent = fill(one);
    budget.leave(one.account);
    expect(budget.sums.unread).toBeGreaterThanOrEqual(sent);
    expect(budget.hasRoom(one.account)).toBe(false);
    budget.closed(one.account);
    expect(budget.sums).toEqual({ unread: 0, unreadByNewcomers: 0, unproven: 0 });
  });
});

describe('a client that falsely reports that it reads', () => {
  it('[W21] is closed after a fixed amount without a returned mark', () => {
    const { open, fill, claims, budget } = stage();
    const liar = open();
    let sent = 0;
    while (liar.account.isOpen) {
      sent += fill(liar, MIB);
      claims(liar);
    }
    expect(liar.socket.closed).toMatchObject({ code: 4008 });
    expect(Math.abs(sent - UNPROVEN_PER_CONNECTION_MAX_BYTES)).toBeLessThan(MIB);
    expect(budget.hasRoom(liar.account)).toBe(false);
  });

  it('[W21] is closed if its mark has not returned for ten minutes and there is more to send', () => {
    const { open, send, claims, time } = stage();
    const liar = open();
    send(liar, MARK_INTERVAL_BYTES);
    claims(liar);
    time.now = UNPROVEN_MAX_MS + 1;
    expect(liar.socket.closed).toBeUndefined();
    send(liar, 1);
    expect(liar.socket.closed).toMatchObject({ code: 4008 });
  });

  it('[W21] shares a limit with similar clients, and takes nothing from those that read', () => {
    const { open, fill, claims, reads, send, budget } = stage();
    const reader = open(token('other'));
    send(reader, MARK_INTERVAL_BYTES);
    reads(reader);
    const liars = Array.from({ length: 40 }, (_, index) => open(token(`token-${index % 2}`)));
    for (let round = 0; round < 100; round++) {
      for (const liar of liars) {
        fill(liar, MIB);
        claims(liar);
      }
    }
    expect(budget.sums.unproven).toBeLessThan(UNPROVEN_PER_NAMESPACE_MAX_BYTES + 2 * MIB);
    const ofOne = liars.filter((_, index) => index % 2 === 0).reduce((sum, { account }) => sum + account.unproven, 0);
    expect(ofOne).toBeLessThan(UNPROVEN_PER_TOKEN_MAX_BYTES + 2 * MIB);
    expect(reader.socket.closed).toBeUndefined();
    for (let round = 0; round < 50; round++) {
      expect(fill(reader, MIB)).toBe(MIB);
      reads(reader);
    }
  });

  it('[W21] has its next frames handled once it has read its responses, if it is known to return marks', () => {
    const { open, reads, budget } = stage();
    const one = open();
    const answer = () => budget.sent(one.account, MARK_INTERVAL_BYTES, true);
    answer();
    reads(one);
    for (let sent = 0; sent <= ANSWERS_UNREAD_MAX_BYTES; sent += MARK_INTERVAL_BYTES) answer();
    expect(budget.isHeld(one.account)).toBe(true);
    reads(one);
    reads(one);
    expect(budget.isHeld(one.account)).toBe(false);
  });
});
