import { connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { afterEach, expect, it } from 'vitest';
import { startGrpcStage } from '../../../test/gateway/grpc-stage';
import type { PlainRequests } from './plain-request';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Starts a server with an answer, and a client. */
async function stage(answer: PlainRequests['answer'], clock?: { now: number }) {
  const now = clock && (() => clock.now);
  const { server, port, stop, logged } = await startGrpcStage({
    plainRequests: { scheme: 'http', answer },
    ...(now && { now }),
  });
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 100 });
  session.on('error', () => {});
  ends.push(stop, () => session.destroy());
  const open = (path: string, method = 'GET', headers: Record<string, string> = {}) => {
    const stream = session.request({ ':path': path, ':method': method, ...headers }, { endStream: method === 'GET' });
    stream.on('error', () => {});
    return stream;
  };
  return { server, port, session, open, logged };
}

type Opened = ReturnType<Awaited<ReturnType<typeof stage>>['open']>;

/** Resolves to the answer of a stream. */
const answerTo = (stream: Opened) =>
  new Promise<{ headers: IncomingHttpHeaders; body: string; reset: number | undefined }>((resolve) => {
    let headers: IncomingHttpHeaders = {};
    let body = '';
    stream.on('response', (fields) => {
      headers = fields;
    });
    stream.on('data', (bytes: Buffer) => {
      body += bytes.toString();
    });
    stream.on('close', () => resolve({ headers, body, reset: stream.rstCode }));
  });

it.each([0, 1_024, 65_536])('answers clients whose table of headers has %i bytes', async (headerTableSize) => {
  const { port } = await stage(async () => new Response('yes', { headers: { 'x-one': '1' } }));
  const session = connect(`http://127.0.0.1:${port}`, { settings: { headerTableSize } });
  ends.push(() => session.destroy());
  const problems: Error[] = [];
  session.on('error', (error) => problems.push(error));
  for (let count = 0; count < 3; count++) {
    const stream = session.request({ ':path': '/' });
    stream.on('error', (error) => problems.push(error));
    expect(await answerTo(stream)).toMatchObject({ headers: { ':status': 200, 'x-one': '1' }, body: 'yes' });
  }
  expect(problems).toEqual([]);
});

it('[GR13] fails the reading of a body whose client has sent all of it and left', async () => {
  const read = Promise.withResolvers<string>();
  const entered = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const { open } = await stage(async (request) => {
    entered.resolve();
    await left.promise;
    const text = await request.text().catch((error: unknown) => String(error));
    read.resolve(text);
    return new Response(text);
  });
  const stream = open('/', 'POST');
  stream.end('all of it');
  await entered.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream.close(constants.NGHTTP2_CANCEL);
  await new Promise((resolve) => setTimeout(resolve, 50));
  left.resolve();
  expect(await read.promise).toContain('the client disconnected');
});

it('[GR13] answers requests over HTTP/2 that are not calls, with the address of the client', async () => {
  const { open, port } = await stage(async (request, address) => {
    const { url, method, headers } = request;
    const shown = { url, method, host: headers.get('host'), token: headers.get('x-token'), address };
    const body = JSON.stringify({ ...shown, body: await request.text() });
    return new Response(body, { status: 201, headers: { connection: 'close', 'x-one': '1' } });
  });
  const { headers, body } = await answerTo(open('/v3/kv?a=%20b', 'GET', { 'x-token': 't1' }));
  expect(headers).toMatchObject({ ':status': 201, 'x-one': '1' });
  expect(headers).not.toHaveProperty('connection');
  const seen = { url: `http://127.0.0.1:${port}/v3/kv?a=%20b`, host: `127.0.0.1:${port}`, address: '127.0.0.1' };
  expect(JSON.parse(body)).toEqual({ ...seen, method: 'GET', token: 't1', body: '' });
  const post = open('/v3/kv', 'POST', { 'content-type': 'application/json' });
  const sent = 'x'.repeat(700_000);
  for (let at = 0; at < sent.length; at += 7_001) post.write(sent.slice(at, at + 7_001));
  post.end();
  expect(JSON.parse((await answerTo(post)).body)).toMatchObject({ method: 'POST', body: sent });
});

it('[GR13] refuses requests without a valid target, and answers HEAD without a body', async () => {
  const { open, logged } = await stage(async ({ method, url }) => {
    if (url.endsWith('/fault')) throw new Error('a fault');
    return new Response(method === 'HEAD' ? null : 'body', { headers: { 'content-length': '4' } });
  });
  // Joined to a URL without a check, both would name another host.
  for (const path of ['*', '@other/']) expect((await answerTo(open(path))).headers[':status']).toBe(400);
  for (const authority of ['a b', 'user@other']) {
    expect((await answerTo(open('/', 'GET', { ':authority': authority }))).headers[':status']).toBe(400);
  }
  const trace = open('/', 'TRACE');
  trace.end();
  expect((await answerTo(trace)).headers[':status']).toBe(400);
  const head = open('/', 'HEAD');
  head.end();
  expect(await answerTo(head)).toMatchObject({ headers: { ':status': 200, 'content-length': '4' }, body: '' });
  expect(logged).toEqual([]);
  expect((await answerTo(open('/fault'))).reset).toBe(2);
  expect(logged).toHaveLength(1);
});

it('[GR13] streams in both directions as the sides read, and cancels what its client leaves', async () => {
  const source = { chunks: 0, isCancelled: false, isAborted: false };
  const { open } = await stage(async (request) => {
    request.signal.addEventListener('abort', () => {
      source.isAborted = true;
    });
    const reader = request.body?.getReader();
    const first = await reader?.read();
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(first?.value ?? new Uint8Array(0)),
        pull: async (controller) => {
          source.chunks++;
          controller.enqueue(new Uint8Array(16_384));
        },
        cancel: () => {
          source.isCancelled = true;
        },
      }),
    );
  });
  const watch = open('/v3/watch', 'POST');
  watch.write('create');
  expect(await new Promise((resolve) => watch.once('data', (bytes: Buffer) => resolve(bytes.toString())))).toBe(
    'create',
  );
  watch.pause();
  // The client's window and buffers have room for some chunks, and then nothing more is asked of the source.
  let before = -1;
  await expect
    .poll(
      () => {
        const isSame = before === source.chunks;
        before = source.chunks;
        return isSame;
      },
      { interval: 200 },
    )
    .toBe(true);
  expect(source.chunks).toBeLessThan(100);
  watch.close(8);
  await expect.poll(() => source).toMatchObject({ isCancelled: true, isAborted: true });
});

it('[GR13] bounds a body that is not read, and the time for one that does not arrive', async () => {
  const clock = { now: 0 };
  let resets = 0;
  const { open, server } = await stage(async (request) => {
    if (request.url.endsWith('/collect')) await request.text();
    else await new Promise(() => {});
    return new Response('collected');
  }, clock);
  const unread = open('/unread', 'POST');
  unread.on('close', () => resets++);
  unread.write(Buffer.alloc(4_000_000));
  await expect.poll(() => server.heldBytes).toBeGreaterThan(100_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.heldBytes).toBeLessThan(1_000_000);
  const slow = open('/collect', 'POST');
  slow.write('x');
  const answer = answerTo(slow);
  await expect.poll(() => server.streamCount).toBe(2);
  clock.now += 61_000;
  server.check();
  expect((await answer).headers[':status']).toBe(408);
  expect(resets).toBe(0);
  unread.close(8);
  await expect.poll(() => [server.streamCount, server.heldBytes]).toEqual([0, 0]);
});

it('[GR13] answers before it has read the request, and drops the rest within bounds', async () => {
  const clock = { now: 0 };
  const { open, server } = await stage(async () => new Response('early', { status: 401 }), clock);
  const whole = open('/', 'POST');
  const answer = answerTo(whole);
  whole.end(Buffer.alloc(4_000_000));
  expect(await answer).toMatchObject({ headers: { ':status': 401 }, body: 'early', reset: 0 });
  const endless = open('/', 'POST');
  const late = answerTo(endless);
  endless.write(Buffer.alloc(20_000_000));
  expect(await late).toMatchObject({ body: 'early' });
  const idle = open('/', 'POST');
  idle.write('x');
  const ended = answerTo(idle);
  await new Promise((resolve) => idle.once('end', resolve));
  expect(server.streamCount).toBe(1);
  clock.now += 6_000;
  server.check();
  expect((await ended).body).toBe('early');
  expect([server.streamCount, server.heldBytes]).toEqual([0, 0]);
});

it('[GR13] ends answers when the server stops', async () => {
  const { open, server } = await stage(async () => new Response(new ReadableStream()));
  const watch = open('/v3/watch');
  const ended = answerTo(watch);
  await new Promise((resolve) => watch.once('response', resolve));
  await server.close(10);
  expect((await ended).reset).toBe(8);
});
