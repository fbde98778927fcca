import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { planned } from '../../../test/gateway/grpc-methods';
import { type GrpcStage, type StageOptions, startGrpcStage } from '../../../test/gateway/grpc-stage';
import { prefixed } from '../../../test/gateway/grpc-suite';
import {
  GRPC_HELD_PER_CONNECTION_MAX_BYTES,
  GRPC_IDLE_FRAMES_BURST_MAX_COUNT,
  GRPC_RESETS_BURST_MAX_COUNT,
} from '../../model/limits';
import { FrameFlag, FrameType, frame, Http2Code, headerFrames, numberFrame, PREFACE, settingsFrame } from './frames';
import { headerBlock } from './header-block';

const START = Buffer.concat([PREFACE, settingsFrame([])]);
const request = (path: string) =>
  headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    ['content-type', 'application/grpc'],
  ]);
const BLOCKS = {
  stream: request('/test.Echo/Stream'),
  unary: request('/test.Echo/Unary'),
  size: request('/test.Echo/Size'),
};
const open = (id: number, block = BLOCKS.stream) => headerFrames(id, block, false);
const data = (id: number, bytes: Buffer, flags = 0) => frame(FrameType.DATA, flags, id, bytes);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function stage(options: StageOptions = {}): Promise<GrpcStage> {
  const started = await startGrpcStage(options);
  ends.push(() => started.stop());
  return started;
}

/** A client of raw frames: the types that it has received, and the code of the last GOAWAY. */
function client({ port }: GrpcStage) {
  const socket: Socket = connect(port, '127.0.0.1');
  const seen = {
    socket,
    goaway: undefined as number | undefined,
    resets: [] as number[],
    messages: 0,
    isClosed: false,
  };
  let got = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('close', () => {
    seen.isClosed = true;
  });
  socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
    for (let size = 9; got.length >= 9; got = got.subarray(size)) {
      size = 9 + got.readUIntBE(0, 3);
      if (got.length < size) return;
      if (got[3] === FrameType.GOAWAY) seen.goaway = got.readUInt32BE(13);
      if (got[3] === FrameType.DATA) seen.messages += 1;
      if (got[3] === FrameType.RST_STREAM) seen.resets.push(got.readUInt32BE(9));
    }
  });
  ends.push(() => socket.destroy());
  socket.write(START);
  return seen;
}

describe('a flood', () => {
  const count = GRPC_IDLE_FRAMES_BURST_MAX_COUNT + 3_000;
  const IDLE: [string, Buffer[]][] = [
    ['pings', [frame(FrameType.PING, 0, 0, Buffer.alloc(8))]],
    ['settings', [settingsFrame([[4, 65_536]]), settingsFrame([[4, 65_535]])]],
    ['acknowledgements', [frame(FrameType.SETTINGS, FrameFlag.ACK, 0, Buffer.alloc(0))]],
    ['priorities', [frame(FrameType.PRIORITY, 0, 1, Buffer.alloc(5))]],
    ['windows', [numberFrame(FrameType.WINDOW_UPDATE, 0, 1), numberFrame(FrameType.WINDOW_UPDATE, 1, 1)]],
    ['empty data', [data(1, Buffer.alloc(0))]],
    ['padding', [data(1, Buffer.alloc(1), FrameFlag.PADDED)]],
    ['frames of an unknown type', [frame(99, 0, 1, Buffer.alloc(3))]],
    ['resets of closed streams', [numberFrame(FrameType.RST_STREAM, 1, 8)]],
    ['requests on closed streams', [open(1)]],
  ];

  it.each(IDLE)('[GR4] of %s ends the connection', async (name, frames) => {
    const peer = client(await stage({ now: () => 0 }));
    peer.socket.write(open(1));
    if (name.endsWith('closed streams')) peer.socket.write(numberFrame(FrameType.RST_STREAM, 1, 8));
    const cycle = Buffer.concat(frames);
    const flood = Buffer.concat(Array<Buffer>(Math.ceil(count / frames.length)).fill(cycle));
    peer.socket.write(flood);
    await expect.poll(() => peer.goaway).toBe(Http2Code.ENHANCE_YOUR_CALM);
  });

  it('[GR4] of streams that are reset because of violations ends the connection', async () => {
    const peer = client(await stage({ now: () => 0 }));
    for (let index = 0; index < GRPC_RESETS_BURST_MAX_COUNT + 100; index++) {
      const id = 2 * index + 1;
      peer.socket.write(Buffer.concat([open(id), numberFrame(FrameType.WINDOW_UPDATE, id, 0)]));
    }
    await expect.poll(() => peer.goaway).toBe(Http2Code.ENHANCE_YOUR_CALM);
  });

  it('[GR4] is none if there is time, or an answer, for each frame', async () => {
    const clock = { now: 0 };
    const started = await stage({ now: () => clock.now });
    const peer = client(started);
    const pings = Buffer.concat(Array<Buffer>(1_000).fill(frame(FrameType.PING, 0, 0, Buffer.alloc(8))));
    for (let second = 0; second < 30; second++) {
      clock.now += 1_000;
      await new Promise((resolve) => peer.socket.write(pings, resolve));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(peer.goaway).toBeUndefined();
    const other = client(started);
    // Each window of 4 KiB is used up by the answer.
    other.socket.write(Buffer.concat([open(1, BLOCKS.size), data(1, prefixed(Buffer.from('60000000')), 1)]));
    const windows = [numberFrame(FrameType.WINDOW_UPDATE, 0, 4_096), numberFrame(FrameType.WINDOW_UPDATE, 1, 4_096)];
    for (let sent = 0; sent < 12_000; sent += 100) {
      await new Promise((resolve) =>
        other.socket.write(Buffer.concat(Array<Buffer[]>(100).fill(windows).flat()), resolve),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(other.goaway).toBeUndefined();
  });

  it('[GR4] is none if a client measures the connection at each message, as those of Go do', async () => {
    const peer = client(await stage({ now: () => 0 }));
    peer.socket.write(Buffer.concat([settingsFrame([[4, 2 ** 31 - 1]]), open(1)]));
    const idle = [frame(FrameType.PING, 0, 0, Buffer.alloc(8)), numberFrame(FrameType.WINDOW_UPDATE, 0, 100)];
    const message = Buffer.concat([...idle, data(1, prefixed(Buffer.from('change')))]);
    for (let sent = 1; sent < GRPC_IDLE_FRAMES_BURST_MAX_COUNT; sent++) {
      peer.socket.write(message);
      // Messages that come together would be answered together.
      while (peer.messages < sent && peer.goaway === undefined) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(peer.goaway).toBeUndefined();
  });

  it('[GR4] of settings costs more, the more streams are open', async () => {
    const started = await stage({ now: () => 0 });
    const peer = client(started);
    for (let index = 0; index < 5_000; index++) peer.socket.write(open(2 * index + 1));
    await expect.poll(() => started.server.streamCount).toBe(5_000);
    for (let index = 0; index < 60; index++) peer.socket.write(settingsFrame([[4, 65_535 + (index % 2)]]));
    await expect.poll(() => peer.goaway).toBe(Http2Code.ENHANCE_YOUR_CALM);
  });

  it('[GR4] of one setting in a single frame is applied once', async () => {
    const started = await stage();
    const peer = client(started);
    for (let index = 0; index < 5_000; index++) peer.socket.write(open(2 * index + 1));
    await expect.poll(() => started.server.streamCount).toBe(5_000);
    const many = settingsFrame(Array.from({ length: 2_700 }, (_, index) => [4, 65_535 + (index % 2)] as const));
    const begun = process.cpuUsage();
    for (let index = 0; index < 10; index++) peer.socket.write(many);
    peer.socket.write(frame(FrameType.PUSH_PROMISE, 0, 1, Buffer.alloc(4)));
    await expect.poll(() => peer.goaway).toBe(Http2Code.PROTOCOL_ERROR);
    // If each were applied to each stream, these would be 135 million steps.
    expect(process.cpuUsage(begun).user).toBeLessThan(1_000_000);
  });
});

describe('memory', () => {
  const part = (size: number) => prefixed(Buffer.alloc(2_000_000)).subarray(0, size);

  it('[GR5] of incomplete messages is bounded for a connection, and freed', async () => {
    const started = await stage();
    const peer = client(started);
    peer.socket.on('data', () => {});
    // Each stream holds a window of 256 KiB in a buffer that may have twice the size.
    for (let index = 0; index < 600; index++) {
      const id = 2 * index + 1;
      const chunks = [open(id, index % 2 === 0 ? BLOCKS.unary : BLOCKS.stream)];
      const bytes = part(200_000);
      for (let at = 0; at < bytes.length; at += 16_000) chunks.push(data(id, bytes.subarray(at, at + 16_000)));
      await new Promise((resolve) => peer.socket.write(Buffer.concat(chunks), resolve));
    }
    // Refused calls are answered, and reset because their requests are not complete.
    await expect.poll(() => peer.resets.length).toBeGreaterThan(100);
    expect(started.server.heldBytes).toBeLessThanOrEqual(GRPC_HELD_PER_CONNECTION_MAX_BYTES);
    expect(started.server.heldBytes).toBeGreaterThan(GRPC_HELD_PER_CONNECTION_MAX_BYTES / 2);
    peer.socket.destroy();
    await expect.poll(() => [started.server.heldBytes, started.server.streamCount]).toEqual([0, 0]);
  });

  it('[GR5] of incomplete messages is bounded for all connections', async () => {
    const started = await stage({ heldMaxBytes: 300_000 });
    const peers = Array.from({ length: 10 }, () => client(started));
    for (const peer of peers)
      peer.socket.write(
        Buffer.concat([open(1), data(1, part(10_000)), ...Array<Buffer>(5).fill(data(1, Buffer.alloc(10_000)))]),
      );
    await expect.poll(() => peers.filter(({ resets }) => resets.length === 1).length).toBeGreaterThan(4);
    expect(started.server.heldBytes).toBeLessThanOrEqual(300_000);
    expect(peers.some(({ resets }) => resets.length === 0)).toBe(true);
  });

  it('[GR5] of answers that are not read is bounded for a connection', async () => {
    const started = await stage();
    const peer = client(started);
    for (let index = 0; index < 40; index++) {
      const id = 2 * index + 1;
      peer.socket.write(Buffer.concat([open(id, BLOCKS.size), data(id, prefixed(Buffer.from('4000000')), 1)]));
    }
    await expect.poll(() => peer.resets.length).toBeGreaterThan(20);
    expect(new Set(peer.resets)).toEqual(new Set([Http2Code.ENHANCE_YOUR_CALM]));
    expect(started.server.heldBytes).toBeLessThanOrEqual(GRPC_HELD_PER_CONNECTION_MAX_BYTES);
    expect(started.server.heldBytes).toBeGreaterThan(50_000_000);
  });

  it('[GR6] frees a call that its method refuses when it opens', async () => {
    const started = await stage();
    const peer = client(started);
    for (let index = 0; index < 10; index++) peer.socket.write(open(2 * index + 1, request('/test.Echo/Closed')));
    await expect.poll(() => peer.resets.length).toBe(10);
    expect(started.server.streamCount).toBe(0);
  });

  it('[GR5] of headers that a table repeats is bounded, and freed', async () => {
    const started = await stage();
    const peer = client(started);
    const long = headerBlock([['x', 'v'.repeat(4_000)]]).subarray(1);
    // The first block puts the header in the table; the others repeat it seven times, by a byte each.
    const first = Buffer.concat([BLOCKS.stream, Buffer.of(0x40), long]);
    const others = Buffer.concat([BLOCKS.stream, Buffer.alloc(7, 0xbe)]);
    peer.socket.write(open(1, first));
    for (let index = 1; index < 6_000; index++) peer.socket.write(open(2 * index + 1, others));
    await expect.poll(() => peer.resets.length + (peer.goaway ?? 0)).toBeGreaterThan(10);
    expect(new Set(peer.resets)).toEqual(new Set([Http2Code.ENHANCE_YOUR_CALM]));
    expect(started.server.streamCount).toBeLessThan(3_000);
    peer.socket.destroy();
    await expect.poll(() => started.server.heldBytes).toBe(0);
  });

  it('[GR5] of the answers of one turn is bounded before they are written', async () => {
    const started = await stage();
    const peer = client(started);
    const block = request('/test.Echo/Many');
    // Each message is answered by 10 MB, and all of them arrive together.
    const calls = Array.from({ length: 40 }, (_, index) =>
      Buffer.concat([open(2 * index + 1, block), data(2 * index + 1, prefixed(Buffer.from('x')))]),
    );
    planned.most = 0;
    planned.heldBytes = () => started.server.heldBytes;
    peer.socket.write(Buffer.concat(calls));
    await expect.poll(() => peer.resets.length).toBeGreaterThan(20);
    expect(planned.most).toBeLessThanOrEqual(GRPC_HELD_PER_CONNECTION_MAX_BYTES);
    expect(planned.most).toBeGreaterThan(20_000_000);
  });

  it('[GR5] of a request that was inflated is counted while its method works', async () => {
    const started = await stage();
    const session = connectHttp2(`http://127.0.0.1:${started.port}`);
    ends.push(() => session.destroy());
    const headers = { ':method': 'POST', ':path': '/test.Echo/Never', 'content-type': 'application/grpc' };
    const packed = gzipSync(Buffer.alloc(1_000_000));
    const message = Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), packed]);
    message.writeUInt32BE(packed.length, 1);
    const statuses: unknown[] = [];
    for (let count = 0; count < 80; count++) {
      const call = session.request({ ...headers, 'grpc-encoding': 'gzip' });
      call.on('response', (answer) => statuses.push(answer['grpc-status']));
      call.on('error', () => {});
      call.end(message);
    }
    await expect.poll(() => statuses.length).toBeGreaterThan(5);
    expect(new Set(statuses)).toEqual(new Set(['8']));
    expect(started.server.heldBytes).toBeLessThanOrEqual(GRPC_HELD_PER_CONNECTION_MAX_BYTES);
    expect(started.server.heldBytes).toBeGreaterThan(GRPC_HELD_PER_CONNECTION_MAX_BYTES / 2);
  });

  it('[GR6] gives a stream limited time for the rest of a message', async () => {
    const clock = { now: 0 };
    const started = await stage({ now: () => clock.now });
    const peer = client(started);
    peer.socket.write(Buffer.concat([open(1), open(3)]));
    await expect.poll(() => started.server.streamCount).toBe(2);
    const headerBytes = started.server.heldBytes / 2;
    peer.socket.write(data(1, part(100)));
    await expect.poll(() => started.server.heldBytes).toBeGreaterThan(2 * headerBytes);
    clock.now += 30_000;
    started.server.check();
    peer.socket.write(data(1, Buffer.alloc(100)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.now += 31_000;
    started.server.check();
    await expect.poll(() => [started.server.streamCount, started.server.heldBytes]).toEqual([1, headerBytes]);
  });

  it('[GR7] refuses streams beyond 10,000 of a connection, and beyond the total', async () => {
    const started = await stage({ streamsMaxCount: 10_500 });
    const peer = client(started);
    for (let index = 0; index < 10_050; index++) peer.socket.write(open(2 * index + 1));
    await expect.poll(() => peer.resets.length).toBe(50);
    expect(new Set(peer.resets)).toEqual(new Set([Http2Code.REFUSED_STREAM]));
    expect(started.server.streamCount).toBe(10_000);
    // Its share is half of the total.
    const second = client(started);
    for (let index = 0; index < 6_000; index++) second.socket.write(open(2 * index + 1));
    await expect.poll(() => second.resets.length).toBe(750);
    expect(new Set(second.resets)).toEqual(new Set([Http2Code.NO_ERROR]));
    const session = connectHttp2(`http://127.0.0.1:${started.port}`);
    ends.push(() => session.destroy());
    const stream = session.request({
      ':method': 'POST',
      ':path': '/test.Echo/Unary',
      'content-type': 'application/grpc',
    });
    stream.end(prefixed(Buffer.from('hi')));
    const trailers = await new Promise<Record<string, unknown>>((resolve) => {
      stream.on('trailers', resolve);
      stream.resume();
    });
    expect(trailers['grpc-status']).toBe('0');
  });
});
