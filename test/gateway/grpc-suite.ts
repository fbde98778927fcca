import { connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const same = (bytes: Buffer) => bytes;

/** Calls a method with one message. Resolves to the answer, or the status as a text. */
export function unary(
  client: Client,
  path: string,
  message: Buffer | string,
  deadlineMs?: number,
  metadata = new Metadata(),
) {
  return new Promise<Buffer | string>((resolve) => {
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    const done = (error: ServiceError | null, value?: Buffer) =>
      resolve(error === null ? (value ?? '') : `${error.code} ${error.details}`);
    client.makeUnaryRequest(path, same, same, Buffer.from(message), metadata, options, done);
  });
}

/** Resolves to the messages and the status of a stream. */
export function outcome(
  stream: ClientDuplexStream<Buffer, Buffer>,
): Promise<{ messages: Buffer[]; status: StatusObject }> {
  const messages: Buffer[] = [];
  stream.on('data', (message: Buffer) => messages.push(message));
  stream.on('error', () => {});
  return new Promise((resolve) => stream.on('status', (result: StatusObject) => resolve({ messages, status: result })));
}

/** Sends a raw request over HTTP/2. Resolves to its headers, trailers and body. */
export function rawRequest(port: number, headers: Record<string, string>, chunks: Buffer[]) {
  const session = connect(`http://127.0.0.1:${port}`);
  return new Promise<{ headers: Record<string, unknown>; body: Buffer; reset: number | undefined }>((resolve) => {
    session.on('error', () => {});
    const defaults = { ':method': 'POST', ':path': '/test.Echo/Unary', 'content-type': 'application/grpc' };
    const stream = session.request({ ...defaults, ...headers });
    const got: Record<string, unknown> = {};
    const body: Buffer[] = [];
    stream.on('response', (fields) => Object.assign(got, fields));
    stream.on('trailers', (fields) => Object.assign(got, fields));
    stream.on('data', (bytes: Buffer) => body.push(bytes));
    stream.on('error', () => {});
    stream.on('close', () => {
      session.close();
      resolve({ headers: got, body: Buffer.concat(body), reset: stream.rstCode });
    });
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
  });
}

/** Returns a message with its prefix. */
export function prefixed(message: Buffer, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Registers the tests of a server with `TEST_METHODS`. */
export function grpcSuite(start: () => Promise<{ port: number; stop(): Promise<void> }>): void {
  describe('a server of gRPC', () => {
    let port = 0;
    let stop: () => Promise<void>;
    let client: Client;

    beforeAll(async () => {
      ({ port, stop } = await start());
      client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    });

    afterAll(async () => {
      client.close();
      await stop();
    });

    const duplex = (path: string) => client.makeBidiStreamRequest(path, same, same);

    it('[GR1] answers unary calls, in the same turn or later, of any size', async () => {
      expect(await unary(client, '/test.Echo/Unary', 'hi')).toEqual(Buffer.from('hi'));
      expect(await unary(client, '/test.Echo/Later', '')).toEqual(Buffer.alloc(0));
      const large = Buffer.alloc(2 * 1024 * 1024, 7);
      expect(large.equals(Buffer.from(await unary(client, '/test.Echo/Unary', large)))).toBe(true);
      expect((await unary(client, '/test.Echo/Size', '4000000')).length).toBe(4_000_000);
    });

    it('[GR1] answers with the status and text of an error, and hides other exceptions', async () => {
      expect(await unary(client, '/test.Echo/Refuse', '')).toBe('5 nichts gefunden: 100% süß\n');
      expect(await unary(client, '/test.Echo/Break', '')).toBe('2 internal error');
      expect(await unary(client, '/test.Echo/None', '')).toBe('12 unknown method None for service test.Echo');
      expect(await unary(client, '/test.None/Unary', '')).toBe('12 unknown service test.None');
      const tooLarge = '8 grpc: received message larger than max (11 vs. 10)';
      expect(await unary(client, '/test.Echo/Small', 'x'.repeat(11))).toBe(tooLarge);
    });

    it('[GR1] hands metadata and authority to the method', async () => {
      const metadata = new Metadata();
      metadata.set('token', 't1');
      const answer = await unary(client, '/test.Echo/Call', '', undefined, metadata);
      const expected = { path: '/test.Echo/Call', token: 't1', authority: `127.0.0.1:${port}` };
      expect(JSON.parse(answer.toString())).toEqual(expected);
    });

    it('[GR6] ends a call at its deadline, and at once if it has passed', async () => {
      const { headers } = await rawRequest(port, { 'grpc-timeout': '0n', ':path': '/test.Echo/Never' }, []);
      expect(headers).toMatchObject({
        ':status': 200,
        'grpc-status': '4',
        'grpc-message': 'context deadline exceeded',
      });
      const later = await rawRequest(port, { 'grpc-timeout': '9m', ':path': '/test.Echo/Never' }, [
        prefixed(Buffer.alloc(0)),
      ]);
      expect(later.headers['grpc-status']).toBe('4');
    });

    it('[GR1] streams in both directions, with many messages, and ends after the client', async () => {
      const stream = duplex('/test.Echo/Stream');
      const ended = outcome(stream);
      const sent = Array.from({ length: 5_000 }, (_, index) => Buffer.from(`message ${index}`));
      for (const message of sent) stream.write(message);
      stream.end();
      const { messages, status: end } = await ended;
      expect(end.code).toBe(status.OK);
      expect(Buffer.concat(messages).equals(Buffer.concat(sent))).toBe(true);
      expect(messages).toHaveLength(sent.length);
    });

    it('[GR10] hands out messages one after the other if the method takes its time', async () => {
      const stream = duplex('/test.Echo/Slow');
      const ended = outcome(stream);
      for (let index = 0; index < 50; index++) stream.write(Buffer.from(`${index}`));
      stream.end();
      const { messages, status: end } = await ended;
      expect(messages.map(String)).toEqual(Array.from({ length: 50 }, (_, index) => `${index}`));
      expect([end.code, end.details]).toEqual([status.ABORTED, 'done']);
    });

    it('[GR10] resets a stream whose client never reads', async () => {
      const stream = duplex('/test.Echo/Overflow');
      const ended = new Promise<StatusObject>((resolve) => stream.on('status', resolve));
      stream.on('error', () => {});
      stream.write(Buffer.alloc(0));
      stream.pause();
      setTimeout(() => stream.resume(), 100);
      expect((await ended).code).toBe(status.RESOURCE_EXHAUSTED);
    });

    it('[GR1] reads messages that are cut and joined in any way', async () => {
      const frame = prefixed(Buffer.from('0123456789'));
      for (let cut = 1; cut < frame.length; cut++) {
        const { headers, body } = await rawRequest(port, {}, [frame.subarray(0, cut), frame.subarray(cut)]);
        expect([headers['grpc-status'], body.equals(frame)]).toEqual(['0', true]);
      }
      const bytes = [...frame].map((byte) => Buffer.of(byte));
      expect((await rawRequest(port, {}, bytes)).body.equals(frame)).toBe(true);
    });

    it('[GR1] inflates gzip within a bound, and refuses what it cannot read', async () => {
      const statusOf = async (headers: Record<string, string>, ...chunks: Buffer[]) =>
        (await rawRequest(port, headers, chunks)).headers['grpc-status'];
      const gzip = { 'grpc-encoding': 'gzip' };
      const zipped = await rawRequest(port, gzip, [prefixed(gzipSync('hello'), 1)]);
      expect(zipped.body.subarray(5).toString()).toBe('hello');
      expect(await statusOf(gzip, prefixed(gzipSync(Buffer.alloc(3_000_000)), 1))).toBe('8');
      expect(await statusOf(gzip, prefixed(Buffer.from('no gzip'), 1))).toBe('13');
      expect(await statusOf({ 'grpc-encoding': 'snappy' }, prefixed(Buffer.from('x'), 1))).toBe('12');
      expect(await statusOf({}, prefixed(Buffer.from('x'), 1))).toBe('13');
      expect(await statusOf({}, prefixed(Buffer.from('x'), 2))).toBe('13');
      expect(await statusOf({}, prefixed(Buffer.from('x')).subarray(0, 5))).toBe('13');
      expect(await statusOf({})).toBe('13');
    });

    it('[GR1] refuses requests that are not calls, with a status of HTTP', async () => {
      const answered = async (headers: Record<string, string>) =>
        (await rawRequest(port, headers, [])).headers[':status'];
      expect(await answered({ 'content-type': 'application/json' })).toBe(415);
      expect(await answered({ 'content-type': 'application/grpc-web' })).toBe(415);
      expect(await answered({ ':method': 'GET' })).toBe(405);
      expect(await answered({ 'grpc-timeout': 'soon' })).toBe(400);
      const malformed = await rawRequest(port, { ':path': '/\xff\xfe' }, []);
      expect(malformed.headers['grpc-status']).toBe('12');
    });

    it('[GR3, GR7] serves 10,000 streams on a connection, and survives their end', async () => {
      const session = connect(`http://127.0.0.1:${port}`, {
        maxSessionMemory: 1_000,
        peerMaxConcurrentStreams: 20_000,
      });
      session.on('error', () => {});
      await new Promise((resolve) => session.once('remoteSettings', resolve));
      const open = () =>
        session.request({ ':method': 'POST', ':path': '/test.Echo/Stream', 'content-type': 'application/grpc' });
      let answered = 0;
      await new Promise<void>((resolve) => {
        for (let index = 0; index < 10_000; index++) {
          const stream = open();
          stream.on('error', () => {});
          stream.once('data', () => {
            if (++answered === 10_000) resolve();
          });
          stream.write(prefixed(Buffer.from('x')));
        }
      });
      expect(answered).toBe(10_000);
      session.destroy();
      expect(await unary(client, '/test.Echo/Unary', 'still')).toEqual(Buffer.from('still'));
    });
  });
}
