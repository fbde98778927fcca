import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { head, type StartStage, seenAt, seenSoon, stageOf, wire } from './stage';
import { statusesOf } from './wire';

/** The example of RFC 6455, section 1.3. */
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';

/** Registers the tests of WebSockets, which pass on every runtime. */
export function socketSuite(start: StartStage): void {
  describe('sockets', () => {
    const open = async (port: number, path: string, protocols: string[] = []) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
      onTestFinished(() => socket.terminate());
      const frames: string[] = [];
      let headers: Record<string, unknown> = {};
      socket.on('upgrade', (response) => {
        headers = response.headers;
      });
      socket.on('message', (data) => frames.push(data.toString()));
      await new Promise((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      });
      return { socket, frames, headers };
    };
    const closeOf = (socket: WebSocket): Promise<[number, string]> =>
      new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, reason.toString()])));

    it('have the subprotocol and headers of the response, and frames in both directions', async () => {
      const { socket, frames, headers } = await open(await stageOf(start), '/socket', ['other', 'rollcall.v1']);
      expect([socket.protocol, headers['x-named']]).toEqual(['rollcall.v1', 'yes']);
      socket.send('a frame');
      socket.send('ü'.repeat(1_000_000));
      await expect.poll(() => frames).toEqual(['got a frame', 'got 1000000']);
    });

    it('have no subprotocol if the response has none', async () => {
      await expect(open(await stageOf(start), '/socket', ['other'])).rejects.toThrow('Server sent no subprotocol');
    });

    it('answer pings without the app and record their time', async () => {
      const port = await stageOf(start);
      const { socket, frames } = await open(port, '/socket');
      expect((await seenAt(port)).heardAt).toBe(0);
      const before = Date.now();
      socket.send('ping');
      await expect.poll(() => frames).toEqual(['pong']);
      expect((await seenAt(port)).heardAt).toBeGreaterThanOrEqual(before);
    });

    it("notify the app of their close code, and close with the app's", async () => {
      const port = await stageOf(start);
      const one = await open(port, '/socket');
      one.socket.close(4000, 'done');
      expect(await closeOf(one.socket)).toEqual([4000, 'done']);
      const two = await open(port, '/socket');
      two.socket.send('close');
      expect(await closeOf(two.socket)).toEqual([4000, 'asked to']);
      const three = await open(port, '/socket');
      three.socket.terminate();
      const four = await open(port, '/socket');
      four.socket.send('badly');
      expect(await closeOf(four.socket)).toEqual([1006, '']);
      await seenSoon(port).toMatchObject({
        events: expect.arrayContaining(['/socket closed 4000 done', '/socket closed 1006 ']),
      });
    });

    it('answer a close only after the app has handled it', async () => {
      const port = await stageOf(start);
      const { socket } = await open(port, '/socket');
      let isAnswered = false;
      const answered = closeOf(socket).finally(() => {
        isAnswered = true;
      });
      socket.close(4000, 'hold');
      await seenSoon(port).toMatchObject({ events: ['/socket closed 4000 hold'] });
      // Everything sent earlier has arrived before this answer.
      await seenAt(port);
      expect(isAnswered).toBe(false);
      await fetch(`http://127.0.0.1:${port}/release`);
      expect(await answered).toEqual([4000, 'hold']);
    });

    it('are closed for binary frames, and for a frame that is too large', async () => {
      const port = await stageOf(start);
      const one = await open(port, '/socket');
      one.socket.send(Buffer.from([1]));
      expect(await closeOf(one.socket)).toEqual([4002, 'frames are text']);
      const two = await open(port, '/socket');
      two.socket.send('a'.repeat(4 * 1024 * 1024 + 1));
      expect((await closeOf(two.socket))[0]).toBe(1009);
    });

    it("are refused by the app's response, over plain HTTP", async () => {
      const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      const port = await stageOf(start);
      const refused = await wire(port, head('GET /refuse', ...upgrade, KEY)).closed();
      expect(refused).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n.*\r\n\r\nno$/s);
      expect(statusesOf(await wire(port, head('GET /fail', ...upgrade, KEY)).closed())).toEqual([500]);
      await seenSoon(port).toMatchObject({ events: [] });
    });

    it.each([
      ['no key', ['Sec-WebSocket-Version: 13'], /-Key header"/],
      ['another version', [KEY, 'Sec-WebSocket-Version: 12'], /\nsec-websocket-version: 13\r.*-Version header"/is],
      [
        'a malformed subprotocol',
        [KEY, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: a?b'],
        /-Protocol header"/,
      ],
    ])('[I10] refuse a handshake with %s as a problem', async (_, lines, refusal) => {
      const port = await stageOf(start);
      const answer = await wire(
        port,
        head('GET /socket', 'Connection: Upgrade', 'Upgrade: websocket', ...lines),
      ).closed();
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*content-type: application\/problem\+json\r\n/s);
      expect(answer).toMatch(refusal);
      await seenSoon(port).toMatchObject({ events: ['/socket failed'] });
    });

    it('held by the surface receive frames sent before they open, and notify it when the client disconnects', async () => {
      const port = await stageOf(start);
      const { socket, frames } = await open(port, '/accepted');
      await expect.poll(() => frames).toEqual(['before', 'after']);
      socket.close();
      await seenSoon(port).toMatchObject({ events: ['/accepted closed'] });
      const other = await open(port, '/accepted-and-closed');
      expect(await closeOf(other.socket)).toEqual([1001, 'bye']);
      expect(other.frames).toEqual(['last']);
      expect((await seenAt(port)).events).toEqual(['/accepted closed']);
    });
  });
}
