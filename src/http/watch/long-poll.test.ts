import { describe, expect, it } from 'vitest';
import { RecordingSockets } from '../../../test/fixtures/recording-sockets';
import { socketPurpose } from '../../../test/fixtures/socket-purpose';
import { settle } from '../../../test/simulation/virtual-time';
import { CLOSE_CODES } from '../../model/frames';
import { type JsonText, jsonText } from '../../model/json';
import type { ReadAnswer } from '../../model/namespace-api';
import { type LongPoll, longPoll } from './long-poll';
import { Waits } from './waits';

const purpose = socketPurpose({ kind: 'poll', subscriber: 'p' });

const CHANGES = { type: 'changes', watch: 'x', cursor: 'cE.2.x', revision: 2, changes: [] };
const unchanged = { cursor: 'cE.1.x', body: null };
const changed: { cursor: string; body: JsonText<string> } = { cursor: 'cE.2.x', body: jsonText('new') };

/** A poll with scripted reads; the last one repeats. */
function poll(answers: ReadAnswer<string>[], options: Partial<LongPoll> = {}) {
  const sockets = new RecordingSockets();
  const waits = new Waits(() => 0);
  let reads = 0;
  const ask = async () => answers[Math.min(reads++, answers.length - 1)] ?? unchanged;
  const all: LongPoll = {
    sockets,
    waits,
    purpose,
    resource: '/orders',
    scope: { groups: [], services: [{ group: 'g', service: 'orders' }] },
    waitMs: 60_000,
    now: Date.now,
    ...options,
  };
  const answer = longPoll(ask, all);
  answer.catch(() => {});
  return { sockets, waits, answer, reads: () => reads };
}

/** Everything that follows from what has just happened; digests take more than a turn. */
const soon = async () => {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 1)).then(settle);
};

describe('longPoll', () => {
  it('[P3] answers immediately if something has changed', async () => {
    const { answer, sockets } = poll([changed]);
    expect(await answer).toBe(changed);
    expect(sockets.opened).toEqual([]);
  });

  it('[P1] watches from the cursor of the unchanged read, and reads again at the first change', async () => {
    const { answer, sockets } = poll([unchanged, changed]);
    const socket = await sockets.next();
    expect(socket.purpose).toEqual({ ...purpose, proof: 'marks' });
    await soon();
    expect(socket.sent).toMatchObject([
      { type: 'watch', cursor: 'cE.1.x', scope: { groups: [], services: ['g@@orders'] } },
    ]);
    socket.deliver(CHANGES);
    expect(await answer).toBe(changed);
    expect(socket.closed?.code).toBe(1000);
  });

  it('[W21] returns a mark, and keeps waiting', async () => {
    const { answer, sockets } = poll([unchanged, changed]);
    const socket = await sockets.next();
    await soon();
    socket.deliver({ type: 'mark', mark: 'm1' });
    await soon();
    expect(socket.sent.at(-1)).toMatchObject({ type: 'credit', mark: 'm1' });
    socket.deliver(CHANGES);
    expect(await answer).toBe(changed);
  });

  it.each([
    ['a reset', { type: 'reset', watch: 'x', reason: 'unknown' }],
    ['a snapshot', { type: 'snapshot', watch: 'x', cursor: 'cE.2.x', revision: 2, services: [] }],
  ])('[P1] reads again after %s', async (_, frame) => {
    const { answer, sockets } = poll([unchanged, changed]);
    (await sockets.next()).deliver(frame);
    expect(await answer).toBe(changed);
  });

  it('[P1] misses no change between the read and the watch', async () => {
    const { answer, sockets } = poll([unchanged, unchanged, changed]);
    const socket = await sockets.next();
    socket.deliver(CHANGES);
    await soon();
    socket.deliver(CHANGES);
    expect(await answer).toBe(changed);
  });

  it('[P1] keeps waiting after an unrelated change or a bookmark', async () => {
    const { answer, sockets, reads } = poll([unchanged, unchanged, changed]);
    const socket = await sockets.next();
    socket.deliver({ type: 'bookmark', watch: 'x', cursor: 'cE.2.x' });
    await soon();
    expect(reads()).toBe(1);
    socket.deliver(CHANGES);
    await soon();
    expect(reads()).toBe(2);
    socket.deliver(CHANGES);
    expect(await answer).toBe(changed);
    expect(sockets.opened).toHaveLength(1);
  });

  it('[P2] answers "not modified" when its time is up, or up to a tenth earlier', async () => {
    const { answer, sockets } = poll([unchanged], { waitMs: 200 });
    const startedAt = Date.now();
    expect(await answer).toBe(unchanged);
    expect(Date.now() - startedAt).toBeGreaterThan(170);
    expect(sockets.opened[0]?.closed?.code).toBe(1000);
  });

  it('[P4] is refused if the same poll starts again', async () => {
    const { answer, sockets } = poll([unchanged]);
    (await sockets.next()).break(CLOSE_CODES.superseded);
    await expect(answer).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('"p"') });
  });

  it('[P4] uses the same watch name for the same resource, and different ones for others', async () => {
    const names: unknown[] = [];
    for (const resource of ['/orders', '/orders', '/carts']) {
      const { answer, sockets } = poll([unchanged, changed], { resource });
      const socket = await sockets.next();
      await soon();
      names.push(socket.sent[0]?.watch);
      socket.deliver(CHANGES);
      await answer;
    }
    expect(names[0]).toMatch(/^\w{1,32}$/);
    expect(names[0]).toBe(names[1]);
    expect(names[2]).not.toBe(names[0]);
  });

  it('[P2] answers "not modified" if its socket breaks, so that the next poll misses nothing', async () => {
    const { answer, sockets } = poll([unchanged]);
    (await sockets.next()).break(1006);
    expect(await answer).toBe(unchanged);
  });

  it('is refused if the namespace refuses the watch', async () => {
    const { answer, sockets } = poll([unchanged]);
    (await sockets.next()).deliver({ type: 'error', id: 'watch', code: 'LIMIT_EXCEEDED', detail: 'too many' });
    await expect(answer).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'too many' });
    expect(sockets.opened[0]?.closed?.code).toBe(1000);
  });

  it('[P5] is counted while it waits', async () => {
    const waits = new Waits(() => 0);
    const entered: string[] = [];
    const enter = waits.enter.bind(waits);
    waits.enter = (waiter, maxMs) => {
      entered.push(`${waiter.tokenId} ${waiter.subscriber}`);
      const leave = enter(waiter, maxMs);
      return () => {
        entered.push('over');
        leave();
      };
    };
    const { answer, sockets } = poll([unchanged, changed], { waits });
    const socket = await sockets.next();
    await soon();
    expect(entered).toEqual(['root p']);
    socket.deliver(CHANGES);
    await answer;
    expect(entered).toEqual(['root p', 'over']);
    expect(await poll([changed], { waits }).answer).toBe(changed);
    expect(entered).toHaveLength(2);
  });
});
