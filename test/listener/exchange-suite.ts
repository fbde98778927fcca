import { describe, expect, it } from 'vitest';
import { head, last, type StartStage, seenAt, seenSoon, stageOf, urlOf, wire } from './stage';
import { bodyOf, statusesOf } from './wire';

/** Registers the tests of requests, bodies and answers, which pass on every runtime. */
export function exchangeSuite(start: StartStage): void {
  describe('responses', () => {
    it('carry a text with its length and the type from their headers', async () => {
      const answer = await wire(await stageOf(start), last('GET /hello')).closed();
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
    ])('to %s match the Response of the platform', async (path, status, text, type) => {
      const response = await fetch(urlOf(await stageOf(start), path));
      expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
        status,
        type,
        text,
      ]);
    });

    it('keep two cookies apart, and headers that were set later', async () => {
      const port = await stageOf(start);
      expect((await fetch(urlOf(port, '/cookies'))).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      const { headers } = await fetch(urlOf(port, '/changed'));
      expect([headers.get('a'), headers.get('b'), headers.get('content-type')]).toEqual([
        '1',
        '2',
        'text/plain;charset=UTF-8',
      ]);
    });

    it('can be made from the body and the headers of another, as compression does', async () => {
      const response = await fetch(urlOf(await stageOf(start), '/remade'));
      expect([response.headers.get('a'), response.headers.get('b'), await response.text()]).toEqual([
        '1',
        '2',
        'remade',
      ]);
    });

    it.each(['/hello', '/events', '/stream?pieces=3', '/bodiless', '/large?bytes=1000000'])(
      'to HEAD of %s have no body, and leave the connection usable',
      async (path) => {
        const answer = await wire(await stageOf(start), head(`HEAD ${path}`), last('GET /hello')).closed();
        expect(statusesOf(answer)).toEqual([path === '/bodiless' ? 204 : 200, 200]);
        expect(bodyOf(answer)).toMatch(/^HTTP\/1\.1 200 OK/);
      },
    );

    it('to pipelined requests come in order', async () => {
      const answer = await wire(
        await stageOf(start),
        head('GET /text') + head('GET /bodiless') + last('GET /hello'),
      ).closed();
      expect(statusesOf(answer)).toEqual([200, 204, 200]);
    });

    it('are sent to an HTTP/1.0 client without a Host header', async () => {
      const answer = await wire(await stageOf(start), 'GET /request HTTP/1.0\r\n\r\n').closed();
      expect(bodyOf(answer)).toContain('"raw":"http://127.0.0.1/request"');
    });

    it('carry a large text in full', async () => {
      const response = await fetch(urlOf(await stageOf(start), '/large?bytes=20000000'));
      expect((await response.text()).length).toBe(20_000_000);
    });

    it('carry a stream in full', async () => {
      const response = await fetch(urlOf(await stageOf(start), '/stream?pieces=100'));
      expect((await response.arrayBuffer()).byteLength).toBe(100 * 64 * 1024);
    });

    it('end with a broken connection if their stream fails, so that no client takes a part for the whole', async () => {
      const answer = await wire(await stageOf(start), head('GET /broken')).closed();
      expect(bodyOf(answer)).not.toMatch(/\r\n0\r\n\r\n$/);
    });

    it('that cannot be written do not end the server', async () => {
      const port = await stageOf(start);
      await expect(fetch(urlOf(port, '/unwritable'))).rejects.toThrow('fetch failed');
      // Deno writes such a header, which the client rejects. Node refuses to write it.
      const expected = ['error', 'a request was not answered', expect.anything()];
      for (const logged of (await seenAt(port)).logged) expect(logged).toEqual(expected);
    });

    it('are 500 without the cause if the app throws, and the cause is logged', async () => {
      const port = await stageOf(start);
      const response = await fetch(urlOf(port, '/fail'));
      expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('planted')]);
      expect(JSON.stringify((await seenAt(port)).logged)).toContain('a planted failure');
    });
  });

  describe('requests', () => {
    it('give the app their parts, and a whole Request if it asks for one', async () => {
      const port = await stageOf(start);
      const headers = ['Authorization: one', 'X-Two: a', 'X-TWO: b', 'Content-Length: 2', 'Authorization: two'];
      const answer = await wire(port, last('PUT /request?a=%20b', ...headers), '{}').closed();
      const seen = JSON.parse(bodyOf(answer));
      expect(seen).toMatchObject({
        raw: 'http://x/request?a=%20b',
        method: 'PUT',
        host: 'x',
        authorization: 'one, two',
        missing: null,
        isRequest: true,
        copied: ['a, b', 'a, b'],
        mode: 'string',
        text: '{}',
      });
      expect(seen.headers).toContainEqual(['x-two', 'a, b']);
    });

    it('can be copied with their bodies, as the router does', async () => {
      const port = await stageOf(start);
      const headers = { 'content-type': 'application/json' };
      const put = await fetch(urlOf(port, '/whole'), { method: 'PUT', body: '{"a":1}', headers });
      const whole = { url: 'http://other/path', type: 'application/json' };
      expect(await put.json()).toEqual({ ...whole, method: 'PUT', text: '{"a":1}' });
      const get = await fetch(urlOf(port, '/whole'));
      expect(await get.json()).toEqual({ ...whole, type: null, method: 'GET', text: '' });
      const cloned = await fetch(urlOf(port, '/clone'), { method: 'POST', body: 'cloned' });
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
    ])('with the target %s have the URL of the corresponding Request', async (target, expected) => {
      const answer = await wire(await stageOf(start), last(`GET ${target}`)).closed();
      expect(JSON.parse(bodyOf(answer))).toMatchObject({ raw: expected, url: expected });
    });

    it.each([
      ['no host', 'GET /hello HTTP/1.1\r\n\r\n', 400],
      ['two hosts', head('GET /hello', 'Host: y'), 400],
      ['an invalid host', 'GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
      ['a host with a path', 'GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
      ['a host with a user', 'GET /hello HTTP/1.1\r\nHost: u@a\r\n\r\n', 400],
      ['an invalid IPv6 host', 'GET /hello HTTP/1.1\r\nHost: [::::1]\r\n\r\n', 400],
      ['a host with an invalid port', 'GET /hello HTTP/1.1\r\nHost: a:99999\r\n\r\n', 400],
      ['an absolute target with a user', last('GET http://u:p@a/hello'), 400],
      ['an absolute target without a host', last('GET http:///hello'), 400],
      ['another scheme', last('GET ftp://a/hello'), 400],
      ['a target that is not a path', last('GET hello'), 400],
      ['a star', last('OPTIONS *'), 400],
      ['TRACE', last('TRACE /hello'), 405],
      ['CONNECT', last('CONNECT a:1'), 405],
      ['no method', '\x1b[31mFOO / HTTP/1.1\r\n\r\n', 400],
      ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n', 400],
      ['a TLS handshake', Buffer.from('160301020001000001fc0303', 'hex').toString('latin1'), 400],
      ['two lengths', `${head('PUT /echo', 'Content-Length: 1', 'Content-Length: 2')}ab`, 400],
      ['a length and chunks', `${head('PUT /echo', 'Content-Length: 1', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
      ['an invalid length', head('PUT /echo', 'Content-Length: -1'), 400],
      ['headers that are too large', head('GET /hello', `A: ${'a'.repeat(200_000)}`), 431],
      ['a target that is too large', head(`GET /${'a'.repeat(200_000)}`), 431],
    ])('with %s are refused, and the connection is closed', async (_, text, status) => {
      const port = await stageOf(start);
      const answer = await wire(port, Buffer.from(text, 'latin1')).closed();
      expect(statusesOf(answer)).toEqual([status]);
      expect(JSON.parse(bodyOf(answer))).toMatchObject({
        status,
        code: expect.any(String),
        detail: expect.any(String),
      });
      expect(statusesOf(await wire(port, last('GET /hello')).closed())).toEqual([200]);
    });

    it('that are malformed leave few lines in the log, even by the thousand, and none of their text', async () => {
      const port = await stageOf(start);
      const send = async () => {
        await wire(port, 'GET /secret\x1b[2J\r\nHost: secret\r\n\r\n').closed();
      };
      for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 25 }, send));
      const { logged } = await seenAt(port);
      expect(logged.length).toBeGreaterThan(0);
      expect(logged.length).toBeLessThan(500);
      expect(JSON.stringify(logged)).not.toMatch(/secret|u001b/);
    });

    it('with an unknown upgrade are answered without it, with their body', async () => {
      const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
      const made = wire(await stageOf(start), head('POST /echo', ...offer, 'Content-Length: 5'), 'hello');
      expect(bodyOf(await made.until((text) => text.endsWith('hello')))).toBe('hello');
    });
  });

  describe('bodies', () => {
    it('arrive in chunks, or after 100 Continue', async () => {
      const port = await stageOf(start);
      const chunked = wire(port, last('PUT /echo', 'Transfer-Encoding: chunked'), '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n');
      expect(bodyOf(await chunked.closed())).toBe('abc');
      const patient = wire(port, last('PUT /echo', 'Expect: 100-continue', 'Content-Length: 3'));
      await patient.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
      patient.write('abc');
      expect(await patient.closed()).toMatch(/\r\n\r\nabc$/);
    });

    it('get no 100 Continue if the response is a refusal', async () => {
      const refused = wire(await stageOf(start), head('PUT /refuse', 'Expect: 100-continue', 'Content-Length: 3'));
      expect(statusesOf(await refused.closed())).toEqual([401]);
    });

    it('are complete, whatever their size, if the app reads them later', async () => {
      const url = urlOf(await stageOf(start), '/length-later');
      for (const size of [1, 1_000, 16_000, 65_000, 65_536, 70_000, 131_072, 200_000, 1_000_000]) {
        const response = await fetch(url, { method: 'PUT', body: 'a'.repeat(size) });
        expect(await response.text()).toBe(String(size));
      }
    });

    it('are read piece by piece', async () => {
      const response = await fetch(urlOf(await stageOf(start), '/pieces'), {
        method: 'PUT',
        body: 'a'.repeat(3_000_000),
      });
      expect(await response.text()).toBe('3000000');
    });

    it('that break off reject their reader', async () => {
      const port = await stageOf(start);
      for (const path of ['/echo', '/pieces']) {
        const cut = wire(port, head(`PUT ${path}`, 'Content-Length: 9'), 'abc');
        await seenSoon(port).toMatchObject({ begun: expect.arrayContaining([path]) });
        cut.leave();
        await seenSoon(port).toMatchObject({
          events: expect.arrayContaining([expect.stringContaining(`${path} Error`)]),
        });
      }
    });

    it('that are not read do not keep a refusal from a client that is still sending', async () => {
      const made = wire(await stageOf(start), head('PUT /refuse', 'Content-Length: 4000000'));
      await made.until((text) => text.endsWith('no'));
      for (let sent = 0; sent < 4_000_000; sent += 100_000) {
        await new Promise((taken) => made.socket.write('a'.repeat(100_000), taken));
      }
      expect([statusesOf(await made.closed()), made.error]).toEqual([[401], undefined]);
    });

    it('that are read, or small, leave the connection open for the next request', async () => {
      const made = wire(
        await stageOf(start),
        head('PUT /echo', 'Content-Length: 3'),
        'abc',
        head('PUT /refuse', 'Content-Length: 3'),
        'abc',
        last('GET /hello'),
      );
      expect(statusesOf(await made.closed())).toEqual([200, 401, 200]);
    });
  });

  describe('clients that disconnect', () => {
    it('abort the signal of their request', async () => {
      const port = await stageOf(start);
      const made = wire(port, head('GET /wait'));
      await seenSoon(port).toMatchObject({ begun: expect.arrayContaining(['/wait']) });
      made.leave();
      await seenSoon(port).toMatchObject({ gone: ['/wait'] });
    });

    it('end the streams that they receive', async () => {
      const port = await stageOf(start);
      const stream = wire(port, head('GET /stream?pieces=100000000'));
      const pipe = wire(port, head('GET /endless'));
      await stream.until((text) => text.length > 1_000);
      await pipe.until((text) => text.includes('aaaa'));
      stream.leave();
      pipe.leave();
      await seenSoon(port).toMatchObject({ events: expect.arrayContaining(['/stream cancelled', '/endless failed']) });
    });
  });
}
