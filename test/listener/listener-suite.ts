import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Seen, StageOptions } from './stage-server';
import { bodyOf, statusesOf, Wire } from './wire';

/** A listener that runs somewhere, with the app of `stage-server.ts` behind it. */
export interface RunningStage {
  port: number;
  stop(): Promise<void>;
}

/** Registers the tests that a listener passes on every runtime. */
export function listenerSuite(start: (options: StageOptions) => Promise<RunningStage>): void {
  const stageOf = async (options: StageOptions = {}): Promise<number> => {
    const { port, stop } = await start(options);
    onTestFinished(stop);
    return port;
  };
  const wire = (port: number, ...pieces: (string | Uint8Array)[]): Wire => {
    const made = new Wire(port, { pieces });
    onTestFinished(() => made.leave());
    return made;
  };
  const head = (line: string, ...headers: string[]): string =>
    [`${line} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
  const last = (line: string, ...headers: string[]): string => head(line, 'Connection: close', ...headers);
  const url = (port: number, path: string): string => `http://127.0.0.1:${port}${path}`;
  const seenAt = async (port: number): Promise<Seen> => {
    const response = await fetch(url(port, '/seen'));
    return (await response.json()) as Seen; // `as`: that is what the stage tells there
  };
  const seenSoon = (port: number) => expect.poll(() => seenAt(port));

  describe('answers', () => {
    it('writes a text with its length and the type of its headers', async () => {
      const answer = await wire(await stageOf(), last('GET /hello')).closed();
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toMatch(/content-type: application\/json\r\n/i);
      expect(answer).toMatch(/content-length: 14\r\n/i);
      expect(bodyOf(answer)).toBe('{"hello":true}');
    });

    it.each([
      ['/text', 200, 'grüße', 'text/plain;charset=UTF-8'],
      ['/bytes', 200, '\x01\x02\x03', null],
      ['/nothing', 200, '', null],
      ['/bodiless', 204, '', null],
      ['/unchanged', 304, '', null],
      ['/json', 200, '{"json":true}', 'application/json'],
      ['/events', 200, 'aaaa'.repeat(3), 'text/event-stream'],
      ['/stream?pieces=0', 200, '', null],
    ])('answers %s as a Response of the platform would be', async (path, status, text, type) => {
      const response = await fetch(url(await stageOf(), path));
      expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
        status,
        type,
        text,
      ]);
    });

    it('keeps two cookies apart, and headers that were set later', async () => {
      const port = await stageOf();
      expect((await fetch(url(port, '/cookies'))).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      const { headers } = await fetch(url(port, '/changed'));
      expect([headers.get('a'), headers.get('b'), headers.get('content-type')]).toEqual([
        '1',
        '2',
        'text/plain;charset=UTF-8',
      ]);
    });

    it.each(['/hello', '/events', '/stream?pieces=3', '/bodiless', '/large?bytes=1000000'])(
      'answers HEAD of %s without a body, and the next request on the connection',
      async (path) => {
        const answer = await wire(await stageOf(), head(`HEAD ${path}`), last('GET /hello')).closed();
        expect(statusesOf(answer)).toEqual([path === '/bodiless' ? 204 : 200, 200]);
        expect(bodyOf(answer)).toMatch(/^HTTP\/1\.1 200 OK/);
      },
    );

    it('answers requests that come at once, in their order', async () => {
      const answer = await wire(
        await stageOf(),
        head('GET /text') + head('GET /bodiless') + last('GET /hello'),
      ).closed();
      expect(statusesOf(answer)).toEqual([200, 204, 200]);
    });

    it('answers a client of HTTP/1.0, which names no host', async () => {
      const answer = await wire(await stageOf(), 'GET /request HTTP/1.0\r\n\r\n').closed();
      expect(bodyOf(answer)).toContain('"raw":"http://127.0.0.1/request"');
    });

    it('writes a large text in full', async () => {
      const response = await fetch(url(await stageOf(), '/large?bytes=20000000'));
      expect((await response.text()).length).toBe(20_000_000);
    });

    it('writes a stream in full', async () => {
      const response = await fetch(url(await stageOf(), '/stream?pieces=100'));
      expect((await response.arrayBuffer()).byteLength).toBe(100 * 64 * 1024);
    });

    it('breaks the connection off where a stream does, so that nobody takes a part for the whole', async () => {
      const answer = await wire(await stageOf(), head('GET /broken')).closed();
      expect(bodyOf(answer)).not.toMatch(/\r\n0\r\n\r\n$/);
    });

    it('answers 500 without a word about the cause where the app throws, and logs it', async () => {
      const port = await stageOf();
      const response = await fetch(url(port, '/fail'));
      expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('planted')]);
      expect(JSON.stringify((await seenAt(port)).logged)).toContain('a planted failure');
    });
  });

  describe('requests', () => {
    it('are what the app takes: their parts, and a whole Request where one is asked for', async () => {
      const port = await stageOf();
      const headers = ['Authorization: one', 'X-Two: a', 'X-TWO: b', 'Content-Length: 2', 'Authorization: two'];
      const answer = await wire(port, last('PUT /request?a=%20b', ...headers), '{}').closed();
      const told = JSON.parse(bodyOf(answer));
      expect(told).toMatchObject({
        raw: 'http://x/request?a=%20b',
        method: 'PUT',
        host: 'x',
        authorization: 'one, two',
        missing: null,
        isRequest: true,
        isHeaders: true,
        mode: 'string',
        text: '{}',
      });
      expect(told.headers).toContainEqual(['x-two', 'a, b']);
    });

    it('can be made into others, as the router does, with their bodies', async () => {
      const port = await stageOf();
      const headers = { 'content-type': 'application/json' };
      const put = await fetch(url(port, '/whole'), { method: 'PUT', body: '{"a":1}', headers });
      const whole = { url: 'http://other/path', type: 'application/json' };
      expect(await put.json()).toEqual({ ...whole, method: 'PUT', text: '{"a":1}' });
      const get = await fetch(url(port, '/whole'));
      expect(await get.json()).toEqual({ ...whole, type: null, method: 'GET', text: '' });
      const cloned = await fetch(url(port, '/clone'), { method: 'POST', body: 'cloned' });
      expect(await cloned.text()).toBe('cloned');
    });

    it.each([
      ['/a/../request', 'http://x/request'],
      ['/a/%2E%2e/request', 'http://x/request'],
      ['/./request', 'http://x/request'],
      ['/request#f', 'http://x/request#f'],
      ['/request?a="', 'http://x/request?a=%22'],
      ['http://Other:80/request', 'http://other/request'],
      ['HTTP://other:8080/request?b', 'http://other:8080/request?b'],
    ])('with the target %s have the URL that a Request would have', async (target, expected) => {
      const answer = await wire(await stageOf(), last(`GET ${target}`)).closed();
      expect(JSON.parse(bodyOf(answer))).toMatchObject({ raw: expected, url: expected });
    });

    it.each([
      ['no host', 'GET /hello HTTP/1.1\r\n\r\n', 400],
      ['two hosts', head('GET /hello', 'Host: y'), 400],
      ['a host that is none', 'GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
      ['a host with a path', 'GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
      ['a host with a user', 'GET /hello HTTP/1.1\r\nHost: u@a\r\n\r\n', 400],
      ['a host that is no address', 'GET /hello HTTP/1.1\r\nHost: [::::1]\r\n\r\n', 400],
      ['a host with a port that is none', 'GET /hello HTTP/1.1\r\nHost: a:99999\r\n\r\n', 400],
      ['an absolute target with a user', last('GET http://u:p@a/hello'), 400],
      ['an absolute target without a host', last('GET http:///hello'), 400],
      ['another scheme', last('GET ftp://a/hello'), 400],
      ['a target that is no path', last('GET hello'), 400],
      ['a star', last('OPTIONS *'), 400],
      ['TRACE', last('TRACE /hello'), 405],
      ['CONNECT', last('CONNECT a:1'), 405],
      ['no method', '\x1b[31mFOO / HTTP/1.1\r\n\r\n', 400],
      ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n', 400],
      ['a TLS handshake', Buffer.from('160301020001000001fc0303', 'hex').toString('latin1'), 400],
      ['two lengths', `${head('PUT /echo', 'Content-Length: 1', 'Content-Length: 2')}ab`, 400],
      ['a length and chunks', `${head('PUT /echo', 'Content-Length: 1', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
      ['a length that is none', head('PUT /echo', 'Content-Length: -1'), 400],
      ['headers that are too large', head('GET /hello', `A: ${'a'.repeat(200_000)}`), 431],
      ['a target that is too large', head(`GET /${'a'.repeat(200_000)}`), 431],
    ])('with %s are refused, and the connection closed', async (_, text, status) => {
      const port = await stageOf();
      const answer = await wire(port, Buffer.from(text, 'latin1')).closed();
      expect(statusesOf(answer)).toEqual([status]);
      expect(JSON.parse(bodyOf(answer))).toMatchObject({
        status,
        code: expect.any(String),
        detail: expect.any(String),
      });
      expect(statusesOf(await wire(port, last('GET /hello')).closed())).toEqual([200]);
    });

    it('that are none by the thousand leave few lines in the log, and none of their text', async () => {
      const port = await stageOf();
      const send = async () => {
        await wire(port, 'GET /secret\x1b[2J\r\nHost: secret\r\n\r\n').closed();
      };
      for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 25 }, send));
      const { logged } = await seenAt(port);
      expect(logged.length).toBeGreaterThan(0);
      expect(logged.length).toBeLessThan(500);
      expect(JSON.stringify(logged)).not.toMatch(/secret|u001b/);
    });

    it('that offer an upgrade which nobody knows are answered without it, with their body', async () => {
      const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
      const made = wire(await stageOf(), head('POST /echo', ...offer, 'Content-Length: 5'), 'hello');
      expect(bodyOf(await made.until((text) => text.endsWith('hello')))).toBe('hello');
    });
  });

  describe('bodies', () => {
    it('come in chunks, or after the client was told to go on', async () => {
      const port = await stageOf();
      const chunked = wire(port, last('PUT /echo', 'Transfer-Encoding: chunked'), '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n');
      expect(bodyOf(await chunked.closed())).toBe('abc');
      const patient = wire(port, last('PUT /echo', 'Expect: 100-continue', 'Content-Length: 3'));
      await patient.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
      patient.write('abc');
      expect(await patient.closed()).toMatch(/\r\n\r\nabc$/);
    });

    it('are not asked for where the answer is a refusal', async () => {
      const refused = wire(await stageOf(), head('PUT /refuse', 'Expect: 100-continue', 'Content-Length: 3'));
      expect(statusesOf(await refused.closed())).toEqual([401]);
    });

    it('are read piece by piece', async () => {
      const response = await fetch(url(await stageOf(), '/pieces'), { method: 'PUT', body: 'a'.repeat(3_000_000) });
      expect(await response.text()).toBe('3000000');
    });

    it('that break off reject their reader', async () => {
      const port = await stageOf();
      for (const path of ['/echo', '/pieces']) {
        const cut = wire(port, head(`PUT ${path}`, 'Content-Length: 9'), 'abc');
        await seenSoon(port).toMatchObject({ connections: 2 });
        cut.leave();
        await seenSoon(port).toMatchObject({
          events: expect.arrayContaining([expect.stringContaining(`${path} Error`)]),
        });
      }
    });

    it('that nobody has read do not keep a refusal from its client, which is sending still', async () => {
      const pieces = Array.from({ length: 40 }, () => 'a'.repeat(100_000));
      const made = wire(await stageOf(), head('PUT /refuse', 'Content-Length: 4000000'), ...pieces);
      expect(statusesOf(await made.closed())).toEqual([401]);
    });

    it('that are read, or small, leave the connection open for the next request', async () => {
      const made = wire(
        await stageOf(),
        head('PUT /echo', 'Content-Length: 3'),
        'abc',
        head('PUT /refuse', 'Content-Length: 3'),
        'abc',
        last('GET /hello'),
      );
      expect(statusesOf(await made.closed())).toEqual([200, 401, 200]);
    });
  });

  describe('clients that leave', () => {
    it('abort the signal of their request', async () => {
      const port = await stageOf();
      const made = wire(port, head('GET /wait'));
      await seenSoon(port).toMatchObject({ connections: 2 });
      made.leave();
      await seenSoon(port).toMatchObject({ gone: ['/wait'] });
    });

    it('end what streams to them', async () => {
      const port = await stageOf();
      const stream = wire(port, head('GET /stream?pieces=100000000'));
      const pipe = wire(port, head('GET /endless'));
      await stream.until((text) => text.length > 1_000);
      await pipe.until((text) => text.includes('aaaa'));
      stream.leave();
      pipe.leave();
      await seenSoon(port).toMatchObject({ events: expect.arrayContaining(['/stream cancelled', '/endless failed']) });
    });
  });

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
    /** Sends a byte every now and then, for as long as it may. */
    const drip = (made: Wire): void => {
      const timer = setInterval(() => made.write('a'), 40);
      onTestFinished(() => clearInterval(timer));
    };

    it('end a connection that never sends a request', async () => {
      expect(statusesOf(await wire(await stageOf({ deadlines })).closed())).toEqual([408]);
    });

    it('end a connection that sends its headers bit by bit, also after an answer', async () => {
      const port = await stageOf({ deadlines });
      const first = wire(port, 'GET /');
      drip(first);
      const second = wire(port, head('GET /hello'));
      await second.until((text) => text.endsWith('}'));
      second.write('GET /');
      drip(second);
      expect([statusesOf(await first.closed()), statusesOf(await second.closed())]).toEqual([[408], [200, 408]]);
    });

    it('end a connection that is idle after an answer', async () => {
      const made = wire(await stageOf({ deadlines }), head('GET /hello'));
      expect(statusesOf(await made.closed())).toEqual([200]);
    });

    it.each(['/echo', '/pieces'])('end a body that comes bit by bit to %s', async (path) => {
      const port = await stageOf({ deadlines });
      const made = wire(port, head(`PUT ${path}`, 'Content-Length: 100000'));
      drip(made);
      expect(statusesOf(await made.closed())).toEqual([400]);
      expect((await seenAt(port)).events).toEqual([`${path} Error: the body came too slowly`]);
    });

    it.each([1_000, 1_000_000])('end a connection whose body of %s bytes nobody reads', async (length) => {
      const made = wire(await stageOf({ deadlines }), head('PUT /refuse', `Content-Length: ${length}`));
      drip(made);
      expect(statusesOf(await made.closed())).toEqual([401]);
    });

    it('do not end a request that waits, and one that is read slowly but steadily', async () => {
      const port = await stageOf({ deadlines });
      const waiting = wire(port, head('GET /wait'));
      const steady = wire(port, last('GET /large?bytes=12000000'));
      steady.socket.on('data', () => {
        steady.socket.pause();
        setTimeout(() => steady.socket.resume(), 2);
      });
      const text = await steady.closed();
      expect(bodyOf(text).length).toBe(12_000_000);
      expect(waiting.isClosed).toBe(false);
    });

    it.each(['/large?bytes=30000000', '/stream?pieces=100000000', '/flood'])(
      'cut off a client that does not read %s',
      async (path) => {
        const port = await stageOf({ deadlines });
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
      const port = await stageOf({ deadlines });
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
      onTestFinished(() => socket.terminate());
      await new Promise((resolve) => socket.once('open', resolve));
      socket.pause();
      socket.send('flood 100');
      await seenSoon(port).toMatchObject({ events: ['unread true', '/socket closed 1006 '] });
    });

    it('let idle sockets be', async () => {
      const port = await stageOf({ deadlines });
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

  it('takes as many connections as it may, and answers those it has', async () => {
    const port = await stageOf({ maxConnections: 5 });
    const first = wire(port, head('GET /hello'));
    await first.until((text) => text.endsWith('}'));
    const others = Array.from({ length: 20 }, () => wire(port));
    await expect.poll(() => others.filter(({ isClosed }) => isClosed).length).toBeGreaterThanOrEqual(15);
    first.write(last('GET /hello'));
    expect(statusesOf(await first.closed())).toEqual([200, 200]);
    for (const made of others) made.leave();
    await expect.poll(() => fetch(url(port, '/hello')).then(({ status }) => status, String)).toBe(200);
  });

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

    it('have the subprotocol and headers of the answer, and frames both ways', async () => {
      const { socket, frames, headers } = await open(await stageOf(), '/socket', ['other', 'rollcall.v1']);
      expect([socket.protocol, headers['x-named']]).toEqual(['rollcall.v1', 'yes']);
      socket.send('a frame');
      socket.send('ü'.repeat(1_000_000));
      await expect.poll(() => frames).toEqual(['got a frame', 'got 1000000']);
    });

    it('without a subprotocol in the answer have none', async () => {
      await expect(open(await stageOf(), '/socket', ['other'])).rejects.toThrow('Server sent no subprotocol');
    });

    it('answer pings without the app, and know when one came', async () => {
      const port = await stageOf();
      const { socket, frames } = await open(port, '/socket');
      expect((await seenAt(port)).heardAt).toBe(0);
      const before = Date.now();
      socket.send('ping');
      await expect.poll(() => frames).toEqual(['pong']);
      expect((await seenAt(port)).heardAt).toBeGreaterThanOrEqual(before);
    });

    it('tell the app how they were closed, and close as it says', async () => {
      const port = await stageOf();
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

    it('are closed for bytes, and for a frame that is too large', async () => {
      const port = await stageOf();
      const one = await open(port, '/socket');
      one.socket.send(Buffer.from([1]));
      expect(await closeOf(one.socket)).toEqual([4002, 'frames are text']);
      const two = await open(port, '/socket');
      two.socket.send('a'.repeat(4 * 1024 * 1024 + 1));
      expect((await closeOf(two.socket))[0]).toBe(1009);
    });

    it('are refused as the app says, over plain HTTP', async () => {
      const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
      const port = await stageOf();
      const refused = await wire(port, head('GET /refuse', ...upgrade, key)).closed();
      expect(refused).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n.*\r\n\r\nno$/s);
      expect(statusesOf(await wire(port, head('GET /fail', ...upgrade, key)).closed())).toEqual([500]);
      expect(statusesOf(await wire(port, head('GET /socket', ...upgrade)).closed())).toEqual([400]);
      await seenSoon(port).toMatchObject({ events: ['/socket failed'] });
    });

    it('that end in the surface take what is sent before they are open, and tell it when the client leaves', async () => {
      const port = await stageOf();
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
