import { describe, expect, it } from 'vitest';
import type { WatchedChange } from '../../src/model/frames';
import { etagOf, type Home, NS } from '../fixtures/home';

const KV = `${NS}/kv`;

interface Shown {
  key?: string;
  keyBase64?: string;
  value?: string;
}

const shown = ({ key, keyBase64, value }: Shown) => `${key ?? keyBase64}=${value}`;

/** The members of a frame that these tests check, as an event or over a socket. */
interface WatchedFrame {
  type: string;
  entries?: Shown[];
  services?: unknown[];
  changes?: WatchedChange[];
}

/** Formats a frame: `=` for a snapshot, `+` for a put entry and `-` for a deleted one, with the entry before it. */
function textOf({ type, entries = [], services = [], changes = [] }: WatchedFrame): string {
  if (type === 'snapshot') return `=${entries.map(shown)}${services.length > 0 ? ' and services' : ''}`;
  if (type !== 'changes') return type;
  const texts = changes.map((change) => {
    if (change.kind !== 'entry') return change.kind;
    const { key, keyBase64, before } = change;
    const was = before === undefined ? '' : ` was ${before === null ? 'absent' : before.value}`;
    return `${change.type === 'put' ? `+${shown({ ...change, value: change.after.value ?? '' })}` : `-${key ?? keyBase64}`}${was}`;
  });
  return texts.join(' ');
}

/** Registers the tests of watches of keys on the whole registry: by event stream, socket and long poll. */
export function keyWatchSuite({ ask, openStream, openSocket, sleep, sockets, send, tokenFor }: Home): void {
  const put = (key: string, value = key) => ask('PUT', `${KV}/${key}`, value);
  const remove = (key: string) => ask('DELETE', `${KV}/${key}`);
  const register = (id: string) =>
    ask('PUT', `${NS}/groups/g/services/orders/instances/${id}`, { address: '10.0.0.7', port: 1, ephemeral: false });

  describe('an event stream of keys', () => {
    it('[E10, KV11] starts with their entries, followed by every change of one, and nothing else', async () => {
      await put('config/a');
      await put('other');
      await register('x');
      const events = await openStream('?prefix=config/&key=lock&previous=true');
      const take = async (count: number) => (await events.take(count)).map(({ data }) => textOf(data));
      expect(await take(1)).toEqual(['=config/a=config/a']);
      await put('config/a', 'new');
      await put('other', 'new');
      await register('y');
      await put('lock', '1');
      await put('locks', '1');
      await remove('config/a');
      expect(await take(3)).toEqual(['+config/a=new was config/a', '+lock=1 was absent', '-config/a was new']);
      expect(await events.isQuiet(50)).toBe(true);
      await events.leave();
    });

    it('[E10, E2, W14] resumes after its last id, and survives any sleep of the registry', async () => {
      const first = await openStream('?from=b&to=d');
      // The snapshot may be read after the stream has opened: a put before that is in it, and is no event of its own.
      await first.take(1);
      await put('b/1');
      await first.take(1);
      await first.leave();
      await put('a');
      await put('c/1');
      await remove('b/1');
      await put('d');
      const second = await openStream('?from=b&to=d', { 'last-event-id': first.lastId });
      expect((await second.take(2)).map(({ data }) => textOf(data))).toEqual(['+c/1=c/1', '-b/1']);
      for (const key of ['b/2', 'b/3']) {
        await sleep();
        await put(key);
        const [next] = await second.take(1);
        // A wake may send a bookmark first.
        const change = next?.event === 'bookmark' ? (await second.take(1))[0] : next;
        expect(textOf(change?.data)).toBe(`+${key}=${key}`);
      }
      await second.leave();
    });

    it('[E10, E3, W6] starts over if its cursor is from another history', async () => {
      await put('config/a');
      const events = await openStream('?prefix=config/&cursor=cAnotherEpoch.1.x');
      expect((await events.take(2)).map(({ data }) => textOf(data))).toEqual(['reset', '=config/a=config/a']);
      await events.leave();
    });

    it('[E10] takes keys that are not text as base64url', async () => {
      const [key, prefix] = [Buffer.of(255, 0, 46), Buffer.of(255)].map((bytes) => bytes.toString('base64url'));
      await ask('PUT', `${KV}/${key}?base64=true`, 'binary');
      const events = await openStream(`?base64=true&prefix=${prefix}`);
      expect((await events.take(1)).map(({ data }) => textOf(data))).toEqual(['=/wAu=binary']);
      await ask('DELETE', `${KV}/${key}?base64=true`);
      expect((await events.take(1)).map(({ data }) => textOf(data))).toEqual(['-/wAu']);
      await events.leave();
    });

    it('[E10, KV12] needs a grant on all of its keys', async () => {
      const token = await tokenFor([{ scope: 'read', ns: '*', services: [], keys: ['config/*'] }]);
      const status = async (query: string) => {
        const headers = { authorization: `Bearer ${token}` };
        const response = await send('GET', `${NS}/watch${query}`, { headers });
        await response.body?.cancel();
        return response.status;
      };
      expect([await status('?prefix=config/'), await status('?key=config/a')]).toEqual([200, 200]);
      for (const query of ['?prefix=config', '?key=other', '?from=config/', '?key=config/a&group=g', '']) {
        expect(await status(query), query).toBe(403);
      }
    });
  });

  describe('a socket', () => {
    it('[KV11, W3, W5] watches keys beside services, and resumes at a cursor', async () => {
      const socket = await openSocket();
      const scope = { keys: [{ prefix: 'config/' }], services: ['g@@orders'] };
      await socket.ask({ type: 'watch', watch: 'all', scope, previous: true });
      await socket.next('snapshot');
      await put('config/a', '1');
      await register('x');
      const first = await socket.next('changes');
      expect([textOf(first), textOf(await socket.next('changes'))]).toEqual(['+config/a=1 was absent', 'instance']);
      await socket.ask({ type: 'unwatch', watch: 'all' });
      await put('config/a', '2');
      await socket.ask({ type: 'watch', watch: 'again', scope: { keys: [{ key: 'config/a' }] }, cursor: first.cursor });
      expect(textOf(await socket.next('changes'))).toBe('+config/a=2');
      expect(socket.kept).toEqual([]);
      await socket.close();
    });
  });

  describe('a socket with long keys', () => {
    const keys = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ key: `${index}`.padStart(3, '0').padEnd(4_096, 'k') }));

    it('[R14, W14] refuses more of them than it can remember, and keeps its watches through a sleep', async () => {
      const socket = await openSocket();
      await socket.ask({ type: 'watch', watch: 'kept', scope: { keys: keys(2) } });
      await socket.next('snapshot');
      for (const count of [1, 256]) {
        const refused = socket.ask({ type: 'watch', watch: 'more', scope: { keys: keys(count) } });
        await expect(refused, `${count}`).rejects.toThrow(/LIMIT_EXCEEDED.*keys in the watches of this socket take/);
      }
      const tooMany = socket.ask({ type: 'watch', watch: 'more', scope: { keys: keys(257) } });
      await expect(tooMany).rejects.toThrow('INVALID_REQUEST');
      await sleep();
      const [, { key } = { key: '' }] = keys(2);
      await put(key, 'changed');
      expect(textOf(await socket.next('changes'))).toBe(`+${key}=changed`);
      await socket.close();
    });
  });

  describe('a read of keys that waits', () => {
    /** Starts a poll; resolves when it waits, or has its answer. */
    async function poll(path: string) {
      const etag = etagOf(await ask('GET', path));
      const before = await sockets();
      let isOver = false;
      const answer = ask<{ entries?: Shown[]; code?: string }>('GET', path, undefined, {
        'if-none-match': etag,
        prefer: 'wait=30',
      }).finally(() => {
        isOver = true;
      });
      answer.catch(() => {});
      await expect.poll(async () => isOver || (await sockets()) > before).toBe(true);
      return { answer, isOver: () => isOver };
    }

    it('[P6] is answered when an entry of them changes, and for no other change', async () => {
      for (const key of ['config/a', 'config/b', 'other']) await put(key, '1');
      const paths = [`${KV}/config/a?as=entry`, `${KV}?prefix=config/`, `${KV}?from=d&to=m`];
      const [one, all, none] = await Promise.all(paths.map(poll));
      await put('other', '2');
      await remove('other');
      await register('x');
      await put('config/b', '2');
      expect((await all?.answer)?.body.entries?.map(shown)).toEqual(['config/a=1', 'config/b=2']);
      expect([one?.isOver(), none?.isOver()]).toEqual([false, false]);
      await put('config/a', '2');
      expect(await one?.answer).toMatchObject({ status: 200, body: { key: 'config/a', value: '2' } });
      await put('e', '1');
      expect((await none?.answer)?.body.entries?.map(shown)).toEqual(['e=1']);
      await expect.poll(sockets).toBe(0);
    });

    it('[P6] of a deleted entry is answered that there is none, and of a range without it', async () => {
      await put('config/a', '1');
      const [one, all] = await Promise.all([poll(`${KV}/config/a`), poll(`${KV}?prefix=config/`)]);
      await remove('config/a');
      expect(await one.answer).toMatchObject({ status: 404, body: { code: 'ENTRY_NOT_FOUND' } });
      expect(await all.answer).toMatchObject({ status: 200, body: { entries: [], count: 0 } });
    });

    it('[P6, P3] waits again although other entries have changed meanwhile', async () => {
      await put('config/a', '1');
      const path = `${KV}?prefix=config/`;
      const etag = etagOf(await ask('GET', path));
      await put('other', '1');
      await remove('other');
      const { status } = await ask('GET', path, undefined, { 'if-none-match': etag });
      expect(status).toBe(304);
    });
  });
}
