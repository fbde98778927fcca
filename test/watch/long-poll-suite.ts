import { describe, expect, it } from 'vitest';
import { type Answer, etagOf, type Home, NS, serviceAt } from '../fixtures/home';

/** Registers the tests of conditional reads that wait, on the whole registry. */
export function longPollSuite({ ask, sleep, sockets }: Home): void {
  const ORDERS = serviceAt('orders');
  const place = { address: '10.0.0.7', port: 8080, ephemeral: false };
  const put = (id: string, service = ORDERS) => ask('PUT', `${service}/instances/${id}`, place);

  interface Listed {
    instances: { id: string }[];
  }

  /** A pending poll: whether it has finished, and its answer. */
  interface Poll {
    answer: Promise<Answer<Listed>>;
    isOver: () => boolean;
  }

  /** Starts a poll with the ETag of an earlier answer. */
  function begin(path: string, etag: string, headers: Record<string, string> = {}): Poll {
    let isOver = false;
    const answer = ask<Listed>('GET', path, undefined, { 'if-none-match': etag, ...headers }).finally(() => {
      isOver = true;
    });
    answer.catch(() => {});
    return { answer, isOver: () => isOver };
  }

  /** Starts a poll; resolves when it waits, or has its answer. */
  async function poll(path: string, etag: string, headers: Record<string, string> = {}): Promise<Poll> {
    const before = await sockets();
    const begun = begin(path, etag, headers);
    await expect.poll(async () => begun.isOver() || (await sockets()) > before).toBe(true);
    return begun;
  }

  const etag = async (path: string) => etagOf(await ask('GET', path));
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  describe('a read that waits', () => {
    it('[P1] is answered when its content changes, and ignores everything else', async () => {
      await put('a');
      const path = `${ORDERS}/resolve`;
      const { answer, isOver } = await poll(`${path}?wait=30s`, await etag(path));
      await put('u', serviceAt('users'));
      await ask('POST', `${ORDERS}/instances/a/heartbeat`);
      await put('a');
      await pause(50);
      expect(isOver()).toBe(false);
      await put('b');
      const { status, headers, body } = await answer;
      expect([status, headers.get('preference-applied'), body.instances.map(({ id }) => id)]).toEqual([
        200,
        'wait=30',
        ['a', 'b'],
      ]);
      await expect.poll(sockets).toBe(0);
    });

    it('[P1] accepts Prefer, on every kind of read', async () => {
      await put('a');
      const prefer = { prefer: 'wait=20' };
      const paths = [`${ORDERS}/instances`, `${ORDERS}/instances/a`, ORDERS, `${NS}/services?prefix=or`];
      const polls = await Promise.all(paths.map(async (path) => poll(path, await etag(path), prefer)));
      await ask('PATCH', `${ORDERS}/instances/a`, { weight: 2 });
      const answers = await Promise.all(polls.map(({ answer }) => answer));
      expect(answers.map(({ status, headers }) => [status, headers.get('preference-applied')])).toEqual(
        paths.map(() => [200, 'wait=20']),
      );
    });

    it('[P1] of an unknown service is answered when it appears, and of an instance when it is removed', async () => {
      const carts = serviceAt('carts');
      const coming = await poll(`${carts}/resolve?wait=30s`, await etag(`${carts}/resolve`));
      await put('c', carts);
      expect((await coming.answer).body.instances).toHaveLength(1);
      const going = await poll(`${carts}/instances/c?wait=30s`, await etag(`${carts}/instances/c`));
      await ask('DELETE', `${carts}/instances/c`);
      expect((await going.answer).status).toBe(404);
    });

    it('[P1] of a list is answered when the list changes, and ignores other changes', async () => {
      await put('a');
      const path = `${NS}/services?prefix=or`;
      const { answer, isOver } = await poll(`${path}&wait=30s`, await etag(path));
      await put('u', serviceAt('users'));
      await pause(50);
      expect(isOver()).toBe(false);
      await put('a', serviceAt('orders-2'));
      expect((await answer).status).toBe(200);
    });

    it('[P2] is 304 when its time is up, and not much earlier', async () => {
      await put('a');
      const path = `${ORDERS}/resolve`;
      const startedAt = Date.now();
      const { status, headers, body } = await (await poll(`${path}?wait=1s`, await etag(path))).answer;
      expect([status, headers.get('preference-applied'), body]).toEqual([304, 'wait=1', '']);
      expect(headers.get('etag')).toBe(await etag(path));
      expect(Date.now() - startedAt).toBeGreaterThanOrEqual(890);
      expect(Date.now() - startedAt).toBeLessThan(10_000);
      await expect.poll(sockets).toBe(0);
    });

    it('[P3] is answered at once if it has no condition, or if the condition no longer holds', async () => {
      await put('a');
      const path = `${ORDERS}/resolve`;
      const old = await etag(path);
      await put('b');
      const startedAt = Date.now();
      expect((await ask('GET', `${path}?wait=30s`)).status).toBe(200);
      expect((await ask('GET', `${path}?wait=30s`, undefined, { 'if-none-match': old })).status).toBe(200);
      const foreign = { 'if-none-match': '"cAnotherEpoch.1.x"' };
      expect((await ask('GET', `${path}?wait=30s`, undefined, foreign)).status).toBe(200);
      expect(Date.now() - startedAt).toBeLessThan(20_000);
    });

    it('[P4] is replaced by the same poll of the same subscriber, and by no other', async () => {
      await put('a');
      const path = `${ORDERS}/resolve?wait=30s`;
      const now = await etag(path);
      const named = { 'rollcall-subscriber': 'p' };
      const first = await poll(path, now, named);
      const other = await poll(`${ORDERS}/instances?wait=30s`, now, named);
      const anonymous = await poll(path, now);
      const second = begin(path, now, named);
      const { status, body } = await first.answer;
      expect([status, (body as unknown as { code: string }).code]).toEqual([409, 'CONFLICT']);
      expect([other, anonymous, second].map(({ isOver }) => isOver())).toEqual([false, false, false]);
      await put('b');
      for (const { answer } of [other, anonymous, second]) expect((await answer).status).toBe(200);
    });

    it('[E7, W14] continues if the registry hibernates meanwhile', async () => {
      await put('a');
      const path = `${ORDERS}/resolve`;
      const { answer, isOver } = await poll(`${path}?wait=30s`, await etag(path), { 'rollcall-subscriber': 'p' });
      await sleep();
      await put('u', serviceAt('users'));
      await sleep();
      expect(isOver()).toBe(false);
      expect((await ask<{ subscribers: object[] }>('GET', `${ORDERS}/subscribers`)).body.subscribers).toMatchObject([
        { id: 'p', kind: 'poll' },
      ]);
      await put('b');
      expect((await answer).body.instances).toHaveLength(2);
    });

    it('[P1] is one of two hundred, and only those of its service are answered', { timeout: 30_000 }, async () => {
      await put('a');
      await put('u', serviceAt('users'));
      const at = async (service: string) => {
        const path = `${serviceAt(service)}/resolve`;
        const now = await etag(path);
        return Array.from({ length: 100 }, () =>
          ask<Listed>('GET', `${path}?wait=60s`, undefined, { 'if-none-match': now }),
        );
      };
      const orders = await at('orders');
      const users = await at('users');
      let usersOver = 0;
      for (const answer of users) void answer.then(() => (usersOver += 1));
      await expect.poll(sockets, { timeout: 20_000 }).toBe(200);
      await put('b');
      const answers = await Promise.all(orders);
      expect(answers.every(({ status, body }) => status === 200 && body.instances.length === 2)).toBe(true);
      expect(usersOver).toBe(0);
      await put('v', serviceAt('users'));
      expect((await Promise.all(users)).every(({ status }) => status === 200)).toBe(true);
    });
  });
}
