import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { head, last, type StartStage, seenAt, seenSoon, stageOf, urlOf, wire } from './stage';
import { bodyOf, statusesOf, type Wire } from './wire';

/** Registers the tests of deadlines and of the connection limit, which pass on every runtime. */
export function deadlineSuite(start: StartStage): void {
  describe('deadlines', () => {
    const deadlines = {
      headersMs: 300,
      handshakeMs: 300,
      idleMs: 300,
      bodyMs: 300,
      streamedBodyMs: 300,
      unreadBodyMs: 300,
      unreadOutputMs: 300,
      checkMs: 50,
    };
    /** Sends a byte from time to time, until the connection closes. */
    const drip = (made: Wire): void => {
      const timer = setInterval(() => made.write('a'), 40);
      onTestFinished(() => clearInterval(timer));
    };

    it('close a connection that never sends a request', async () => {
      expect(statusesOf(await wire(await stageOf(start, { deadlines })).closed())).toEqual([408]);
    });

    it('close a connection that sends its headers byte by byte, also after a response', async () => {
      const port = await stageOf(start, { deadlines });
      const first = wire(port, 'GET /');
      drip(first);
      const second = wire(port, head('GET /hello'));
      await second.until((text) => text.endsWith('}'));
      second.write('GET /');
      drip(second);
      expect([statusesOf(await first.closed()), statusesOf(await second.closed())]).toEqual([[408], [200, 408]]);
    });

    it('close a connection that is idle after a response', async () => {
      const made = wire(await stageOf(start, { deadlines }), head('GET /hello'));
      expect(statusesOf(await made.closed())).toEqual([200]);
    });

    it.each([
      ['/echo', 1_000],
      ['/echo', 100_000],
      ['/pieces', 1_000],
      ['/pieces', 100_000],
    ])('end a body that trickles in to %s, of %s bytes', async (path, length) => {
      const port = await stageOf(start, { deadlines });
      const made = wire(port, head(`PUT ${path}`, `Content-Length: ${length}`));
      drip(made);
      expect(statusesOf(await made.closed())).toEqual([400]);
      expect((await seenAt(port)).events).toEqual([`${path} Error: the body arrived too slowly`]);
    });

    it.each([
      ['PUT', 1_000],
      ['PUT', 1_000_000],
      ['GET', 1_000],
      ['GET', 1_000_000],
    ])('close a connection whose body of a %s, of %s bytes, is not read', async (method, length) => {
      const made = wire(await stageOf(start, { deadlines }), head(`${method} /refuse`, `Content-Length: ${length}`));
      drip(made);
      expect(statusesOf(await made.closed())).toEqual([401]);
    });

    it('do not end a waiting request, or one whose response is read slowly but steadily', async () => {
      const port = await stageOf(start, { deadlines });
      const waiting = wire(port, head('GET /wait'));
      const steady = wire(port, last('GET /large?bytes=12000000'));
      steady.socket.on('data', () => {
        steady.socket.pause();
        setTimeout(() => steady.socket.resume(), 15);
      });
      const text = await steady.closed();
      expect(bodyOf(text).length).toBe(12_000_000);
      expect(waiting.isClosed).toBe(false);
    });

    it.each(['/large?bytes=30000000', '/stream?pieces=100000000', '/flood'])(
      'cut off a client that does not read %s',
      async (path) => {
        const port = await stageOf(start, { deadlines });
        const readers = Array.from({ length: 20 }, () => {
          const made = wire(port, head(`GET ${path}`));
          made.socket.pause();
          return made;
        });
        await Promise.all(readers.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
        await seenSoon(port).toMatchObject({ connections: 1 });
        for (const { socket } of readers) socket.resume();
        for (const made of readers) expect((await made.closed()).length).toBeLessThan(30_000_000);
      },
    );

    it('cut off a socket that does not read', async () => {
      const port = await stageOf(start, { deadlines });
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
      onTestFinished(() => socket.terminate());
      await new Promise((resolve) => socket.once('open', resolve));
      socket.pause();
      socket.send('flood 100');
      await seenSoon(port).toMatchObject({ events: ['/socket closed 1006 '] });
    });

    it('leave idle sockets open', async () => {
      const port = await stageOf(start, { deadlines });
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
      onTestFinished(() => socket.terminate());
      await new Promise((resolve) => socket.once('open', resolve));
      const idle = wire(port, head('GET /hello'));
      await idle.closed();
      await (await wire(port)).closed();
      socket.send('still');
      expect(String(await new Promise((resolve) => socket.once('message', resolve)))).toBe('got still');
    });
  });

  it('keep the number of connections to its limit and serve those that are open', async () => {
    const port = await stageOf(start, { maxConnections: 5 });
    const first = wire(port, head('GET /hello'));
    await first.until((text) => text.endsWith('}'));
    const others = Array.from({ length: 20 }, () => wire(port));
    await expect.poll(() => others.filter(({ isClosed }) => isClosed).length).toBeGreaterThanOrEqual(15);
    first.write(last('GET /hello'));
    expect(statusesOf(await first.closed())).toEqual([200, 200]);
    for (const made of others) made.leave();
    await expect.poll(() => fetch(urlOf(port, '/hello')).then(({ status }) => status, String)).toBe(200);
  });
}
