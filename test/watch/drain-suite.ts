import { expect, it } from 'vitest';
import { etagOf, type Home, NS, serviceAt } from '../fixtures/home';

/** Registers the tests of the drain barrier on the whole registry, with subscribers of all three kinds. */
export function drainSuite({ ask, openSocket, openStream, sleep, sleepsWithSockets }: Home): void {
  const ORDERS = serviceAt('orders');
  const POLLER = { 'rollcall-subscriber': 'poller' };
  const put = (id: string) =>
    ask('PUT', `${ORDERS}/instances/${id}`, { address: '10.0.0.7', port: 80, ephemeral: false });

  interface Report {
    drained: boolean;
    acknowledged: number;
    subscribers: number;
    laggards: string[];
    blind: Record<string, number>;
    safeAfterMs: number;
  }

  /** Creates one subscriber of each kind, up to date and named after its kind. */
  async function subscribers() {
    await put('a');
    await put('b');
    const socket = await openSocket('?subscriber=socket');
    await socket.ask({ type: 'watch', watch: 'w', scope: { services: ['g@@orders'] } });
    const snapshot = await socket.next('snapshot');
    socket.say({ type: 'ack', watch: 'w', cursor: snapshot.cursor });
    const stream = await openStream('?service=g@@orders&subscriber=stream');
    await stream.take(1);
    const seen = etagOf(await ask('GET', `${ORDERS}/resolve`, undefined, POLLER));
    const poll = (etag: string) =>
      ask<{ instances: { id: string }[] }>('GET', `${ORDERS}/resolve?wait=30s`, undefined, {
        ...POLLER,
        'if-none-match': etag,
      });
    const polling = poll(seen);
    const names = async () =>
      (await ask<{ subscribers: { id: string; kind: string }[] }>('GET', `${ORDERS}/subscribers`)).body.subscribers;
    await expect.poll(async () => (await names()).map(({ kind }) => kind)).toEqual(['poll', 'socket', 'stream']);
    return { socket, stream, polling, poll };
  }

  /** Starts a drain, and tracks whether it has finished. */
  function drain(id: string, query: string) {
    const begun = { isOver: false, report: ask<Report>('POST', `${ORDERS}/instances/${id}/drain${query}`) };
    void begun.report.finally(() => {
      begun.isOver = true;
    });
    return begun;
  }

  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

  it('[W18] a drain is answered once a socket, a stream and a poller have acknowledged it', async () => {
    const { socket, stream, polling, poll } = await subscribers();
    await sleep();
    const draining = drain('a', '?wait=20s');

    const { cursor, changes } = await socket.next('changes');
    expect(changes).toMatchObject([{ id: 'a', after: { status: 'draining', available: false } }]);
    socket.say({ type: 'ack', watch: 'w', cursor });
    const [event] = await stream.take(1);
    expect(event?.id).toBe(cursor);
    expect((await ask('POST', `${NS}/subscribers/stream/ack`, { cursor: event?.id })).status).toBe(204);
    const answer = await polling;
    expect(answer.body.instances.map(({ id }) => id)).toEqual(['b']);
    await pause();
    expect(draining.isOver).toBe(false);

    const next = poll(etagOf(answer));
    const { status, body } = await draining.report;
    expect([status, body]).toMatchObject([200, { drained: true, subscribers: 3, acknowledged: 3, laggards: [] }]);
    expect((await ask('GET', `${ORDERS}/instances/a`)).status).toBe(404);
    expect((await next).status).toBe(200);
    await stream.leave();
    socket.close();
  });

  it('[W19] a drain names the subscribers that have not acknowledged in time, and counts those that cannot', async () => {
    const { socket, stream, polling } = await subscribers();
    await ask('GET', `${ORDERS}/resolve`);
    // A unique age, since copies of another test may still exist.
    await ask('GET', `${ORDERS}/resolve?consistency=cached&maxAge=58s`);
    const listed = await ask<Pick<Report, 'blind' | 'safeAfterMs'>>('GET', `${ORDERS}/subscribers`);
    expect(listed.body.blind).toMatchObject({ cached: 1, plain: 1 });
    expect(listed.body.safeAfterMs).toBeGreaterThan(50_000);
    const draining = drain('a', '?wait=500ms');
    const { cursor } = await socket.next('changes');
    socket.say({ type: 'ack', watch: 'w', cursor });
    const { body } = await draining.report;
    expect(body).toMatchObject({ drained: false, subscribers: 3, acknowledged: 1, laggards: ['poller', 'stream'] });
    expect(body.blind).toMatchObject({ cached: 1, plain: 1 });
    expect(body.safeAfterMs).toBeGreaterThan(50_000);
    expect((await polling).status).toBe(200);
    await stream.leave();
    socket.close();
  });

  it('[W24, W25] a drain after a possible hibernation counts no laggard as acknowledged, and no cached answer as forgotten', async () => {
    const { socket, stream, polling } = await subscribers();
    // A unique age, since copies of another test may still exist.
    await ask('GET', `${ORDERS}/resolve?consistency=cached&maxAge=59s`);
    const first = drain('a', '?wait=200ms&grace=10m');
    const { cursor } = await socket.next('changes');
    socket.say({ type: 'ack', watch: 'w', cursor });
    expect((await first.report).body).toMatchObject({ acknowledged: 1, laggards: ['poller', 'stream'] });
    await sleep();
    const { body } = await drain('a', '?wait=200ms&grace=10m').report;
    expect(body).toMatchObject({ drained: false, acknowledged: 1 });
    if (sleepsWithSockets) expect(body).toMatchObject({ unknown: ['cached', 'plain', 'poll'] });
    expect(body.laggards).toContain('stream');
    expect(body.safeAfterMs).toBeGreaterThan(50_000);
    expect((await polling).status).toBe(200);
    await stream.leave();
    socket.close();
  });

  it('[O9] a drain that is cancelled ends for its caller with a conflict, also after a possible hibernation', async () => {
    const { socket, stream, polling } = await subscribers();
    const draining = ask<{ code: string }>('POST', `${ORDERS}/instances/a/drain?wait=20s`);
    await socket.next('changes');
    expect((await ask('DELETE', `${ORDERS}/instances/a/drain`)).status).toBe(204);
    expect(await draining).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    expect(await socket.next('changes')).toMatchObject({ cause: 'drain-cancelled', actor: 'root' });
    expect((await ask('GET', `${ORDERS}/instances/a`)).body).toMatchObject({ status: 'up', available: true });
    await polling;
    await drain('a', '?wait=0s&grace=1h').report;
    await sleep();
    expect((await ask('DELETE', `${ORDERS}/instances/a/drain`)).status).toBe(204);
    expect((await ask('GET', `${ORDERS}/instances/a`)).body).toMatchObject({ available: true });
    expect((await ask('DELETE', `${ORDERS}/instances/a/drain`)).status).toBe(204);
    expect((await ask('DELETE', `${ORDERS}/instances/x/drain`)).status).toBe(404);
    await stream.leave();
    socket.close();
  });

  it('[W28] a drain does not wait for observers, also after a possible hibernation', async () => {
    await put('a');
    const socket = await openSocket('?subscriber=console');
    await socket.ask({ type: 'watch', watch: 'w', scope: { services: ['g@@orders'] }, observer: true });
    await socket.next('snapshot');
    const stream = await openStream('?service=g@@orders&subscriber=terminal&observer=true');
    await stream.take(1);
    await sleep();
    const { subscribers } = (await ask<{ subscribers: object[] }>('GET', `${ORDERS}/subscribers`)).body;
    expect(subscribers).toMatchObject([
      { id: 'console', observer: true },
      { id: 'terminal', observer: true },
    ]);
    await sleep();
    const { body } = await drain('a', '?wait=20s').report;
    expect(body).toMatchObject({ drained: true, subscribers: 0, acknowledged: 0, laggards: [] });
    expect((await socket.next('changes')).changes).toMatchObject([{ id: 'a' }]);
    expect((await stream.take(1))[0]?.event).toBe('changes');
    await stream.leave();
    socket.close();
  });

  it('[W18] a drain does not wait for subscribers that have left', async () => {
    const { socket, stream, polling, poll } = await subscribers();
    const draining = drain('a', '?wait=20s');
    socket.close();
    await stream.leave();
    const next = poll(etagOf(await polling));
    expect((await draining.report).body).toMatchObject({
      drained: true,
      subscribers: 1,
      acknowledged: 1,
      laggards: [],
    });
    await next;
  });
}
