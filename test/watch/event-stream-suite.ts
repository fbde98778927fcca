import { describe, expect, it } from 'vitest';
import { InstanceView } from '../../src/model/instance';
import type { EventReader, StreamEvent } from '../fixtures/event-reader';
import { type Home, NS, serviceAt } from '../fixtures/home';

/** Formats an event: `+a` for a put instance, `-a` for a deleted one, `=a,b` for a snapshot. */
export function textOf({ event, data }: StreamEvent): string {
  if (event === 'snapshot') {
    return `=${data.services.flatMap((service: { instances: { id: string }[] }) => service.instances.map(({ id }) => id))}`;
  }
  if (event !== 'changes') return event;
  return data.changes
    .map(({ type, id }: { type: string; id: string }) => `${type === 'put' ? '+' : '-'}${id}`)
    .join(' ');
}

/** Registers the tests of event streams on the whole registry, as a browser uses them. */
export function eventStreamSuite({ ask, openStream, sleep }: Home): void {
  const ORDERS = serviceAt('orders');
  const place = { address: '10.0.0.7', port: 8080, ephemeral: false };
  const put = (id: string, body: object = place, service = ORDERS) => ask('PUT', `${service}/instances/${id}`, body);

  const take = async (events: EventReader, count: number) => (await events.take(count)).map(textOf);

  describe('an event stream', () => {
    it('[E1] starts with a snapshot, followed by every change', async () => {
      await put('a');
      const events = await openStream('?service=g@@orders');
      const [snapshot] = await events.take(1);
      const cursor = (await ask('GET', `${ORDERS}/resolve`)).headers.get('rollcall-cursor');
      expect(snapshot).toMatchObject({
        event: 'snapshot',
        id: cursor,
        data: { type: 'snapshot', cursor, revision: 1 },
      });
      const [service] = snapshot?.data.services ?? [];
      expect(service).toMatchObject({ group: 'g', name: 'orders', persistent: false });
      expect(service.instances.map((each: unknown) => InstanceView.parse(each).id)).toEqual(['a']);
      expect(events.retryMs).toBeGreaterThan(0);
      expect(events.retryMs).toBeLessThanOrEqual(1_000);

      await put('b');
      await put('other', place, serviceAt('users'));
      await ask('DELETE', `${ORDERS}/instances/a`);
      const [added, removed] = await events.take(2);
      expect(added).toMatchObject({
        event: 'changes',
        id: added?.data.cursor,
        data: {
          revision: 2,
          cause: 'registered',
          actor: 'root',
          changes: [{ type: 'put', id: 'b', after: { id: 'b' } }],
        },
      });
      expect(removed?.data).toMatchObject({
        revision: 4,
        cause: 'deregistered',
        changes: [{ type: 'delete', id: 'a' }],
      });
      expect(await events.isQuiet(50)).toBe(true);
      await events.leave();
    });

    it('[E1] has an id only on the last part of a large snapshot', async () => {
      const metadata = { a: 'x'.repeat(4_000), b: 'y'.repeat(4_000) };
      const ids = Array.from({ length: 70 }, (_, index) => `i${String(index).padStart(2, '0')}`);
      for (const some of [ids.slice(0, 35), ids.slice(35)]) {
        const operations = some.map((id) => ({
          op: 'register',
          group: 'g',
          service: 'orders',
          id,
          ...place,
          metadata,
        }));
        expect((await ask('POST', `${NS}/batch`, { operations })).status).toBe(200);
      }
      const events = await openStream();
      const parts = await events.take(3);
      expect(parts.map(({ id, data: { part, last } }) => [id !== '', part, last])).toEqual([
        [false, 0, false],
        [false, 1, false],
        [true, 2, true],
      ]);
      expect(parts.flatMap((part) => textOf(part).slice(1).split(','))).toEqual(ids);
      await events.leave();
    });

    it('[E2] continues from the last id with no gap and no repeat, and prefers the header to the cursor', async () => {
      const first = await openStream();
      expect(await take(first, 1)).toEqual(['=']);
      await put('a');
      expect(await take(first, 1)).toEqual(['+a']);
      await first.leave();
      const { lastId } = first;
      await put('b');
      await put('c');
      const second = await openStream('', { 'last-event-id': lastId });
      expect(await take(second, 2)).toEqual(['+b', '+c']);
      await put('d');
      expect(await take(second, 1)).toEqual(['+d']);
      const third = await openStream(`?cursor=${lastId}`, { 'last-event-id': second.lastId });
      expect(await third.isQuiet(50)).toBe(true);
      await put('e');
      expect([await take(second, 1), await take(third, 1)]).toEqual([['+e'], ['+e']]);
      for (const events of [second, third]) await events.leave();
    });

    it('[E3] receives reset, and starts anew, if its cursor is from another history', async () => {
      await put('a');
      const events = await openStream('?cursor=cAnotherEpoch.1.x');
      const [reset] = await events.take(1);
      expect([reset?.event, reset?.id, reset?.data]).toEqual([
        'reset',
        '',
        expect.objectContaining({ reason: 'unknown' }),
      ]);
      expect(await take(events, 1)).toEqual(['=a']);
      await events.leave();
    });

    it('[E2, W14] continues unchanged if the registry hibernates between any two events', async () => {
      const events = await openStream('?service=g@@orders');
      expect(await take(events, 1)).toEqual(['=']);
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await sleep();
        await put(id);
        expect(await take(events, 1)).toEqual([`+${id}`]);
      }
      await sleep();
      await put('x', place, serviceAt('users'));
      await sleep();
      await ask('DELETE', `${ORDERS}/instances/a`);
      // A wake sends a bookmark: this stream did not receive the change of another service.
      const [first] = await take(events, 1);
      const [last] = first === 'bookmark' ? await take(events, 1) : [first];
      expect(last).toBe('-a');
      await events.leave();
    });

    it('[E5] releases its socket after the client has disconnected', async () => {
      const streams = [await openStream('?subscriber=one'), await openStream('?subscriber=two')];
      const names = async () =>
        (await ask<{ subscribers: { id: string }[] }>('GET', `${ORDERS}/subscribers`)).body.subscribers.map(
          ({ id }) => id,
        );
      expect(await names()).toEqual(['one', 'two']);
      await streams[0]?.leave();
      await expect.poll(names).toEqual(['two']);
      await streams[1]?.leave();
      await expect.poll(names).toEqual([]);
    });

    it('[W30] has the counts of the services that change, if it is asked for them', async () => {
      const events = await openStream('?service=g@@orders&counts=true');
      await events.take(1);
      await sleep();
      await put('a');
      const [changes] = await events.take(1);
      expect(changes?.data.counts).toMatchObject([{ group: 'g', name: 'orders', instances: 1, available: 1 }]);
      await events.leave();
    });

    it('[E9, W17] acknowledges under its name, whatever characters that has', async () => {
      await put('a');
      const events = await openStream(`?service=g@@orders&subscriber=${encodeURIComponent('kasse-ü-🦆')}`);
      await events.take(1);
      await put('b');
      const [changes] = await events.take(1);
      const listed = async () =>
        (await ask<{ subscribers: object[] }>('GET', `${ORDERS}/subscribers`)).body.subscribers;
      expect(await listed()).toMatchObject([{ id: 'kasse-ü-🦆', kind: 'stream', sentRevision: 2, lag: 0 }]);
      const acknowledged = await ask('POST', `${NS}/subscribers/${encodeURIComponent('kasse-ü-🦆')}/ack`, {
        cursor: changes?.id,
      });
      expect([acknowledged.status, acknowledged.headers.get('rollcall-cursor')]).toEqual([204, changes?.id]);
      expect(await listed()).toMatchObject([{ acknowledgedRevision: 2 }]);
      const gone = await ask('POST', `${NS}/subscribers/x/ack`, { cursor: 'cAnotherEpoch.1.x' });
      expect([gone.status, gone.body.code]).toEqual([410, 'COMPACTED']);
      await events.leave();
    });
  });
}
