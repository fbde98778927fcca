import { describe, expect, it } from 'vitest';
import { handBudget } from '../../../../test/fixtures/hand-budget';
import { CREDIT_INITIAL_BYTES, CREDIT_STEP_BYTES, MARK_INTERVAL_BYTES } from '../../../model/limits';

describe('UnreadAccount', () => {
  it('believes the Worker where it can know, and no client', () => {
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

  it('[W14, W12] has unread after a sleep what it had before, but for a step', () => {
    const { budget, open, wake } = handBudget();
    const { account, socket } = open();
    budget.sent(account, CREDIT_INITIAL_BYTES + CREDIT_STEP_BYTES, false);
    const woken = wake(socket);
    expect(CREDIT_INITIAL_BYTES + CREDIT_STEP_BYTES - woken.unread).toBeLessThan(CREDIT_STEP_BYTES);
    expect(budget.hasRoom(woken)).toBe(false);
    for (let sent = 0; sent < CREDIT_INITIAL_BYTES; sent += 1_000) budget.sent(woken, 1_000, false);
    expect(2 * CREDIT_INITIAL_BYTES - wake(socket).unread).toBeLessThan(CREDIT_STEP_BYTES);
  });

  it('[W14, W21] remembers over a sleep what it has not shown to have read, its mark and since when a sign is due', () => {
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

  it('[W12] writes nothing down for a client that keeps up', () => {
    const { budget, open } = handBudget();
    const { account, connection } = open();
    for (let frames = 0; frames < 100; frames++) {
      budget.sent(account, MARK_INTERVAL_BYTES, false);
      budget.confirm(account, MARK_INTERVAL_BYTES, account.mark?.id);
    }
    expect(connection.memory).toMatchObject({ watches: [] });
    expect([connection.memory.credit, connection.memory.reading]).toEqual([undefined, undefined]);
  });

  it('takes credit that an earlier version let rise for none that is used', () => {
    const { open } = handBudget();
    const memory = { credit: 3 * CREDIT_INITIAL_BYTES };
    expect(open(memory).account.unread).toBe(0);
  });
});
