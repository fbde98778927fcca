import { connect } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GrpcStage, startGrpcStage } from '../../../test/gateway/grpc-stage';
import { prefixed, unary } from '../../../test/gateway/grpc-suite';
import { FrameFlag, FrameType, frame, Http2Code, headerFrames, numberFrame, PREFACE } from './frames';
import { headerBlock } from './header-block';

const SETTINGS = frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(0));
const START = Buffer.concat([PREFACE, SETTINGS]);
const REQUEST: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test.Echo/Stream'],
  ['content-type', 'application/grpc'],
];
const open = (id: number, ends = false) => headerFrames(id, headerBlock(REQUEST), ends);
const data = (id: number, bytes: Buffer, flags = 0) => frame(FrameType.DATA, flags, id, bytes);

describe('a connection', () => {
  let stage: GrpcStage;
  let client: Client;

  beforeAll(async () => {
    stage = await startGrpcStage();
    client = new Client(`127.0.0.1:${stage.port}`, credentials.createInsecure());
  });

  afterAll(async () => {
    client.close();
    await stage.stop();
  });

  /** Sends bytes, in pieces of a size. Resolves to all frames that came until one of a type, or the end. */
  function exchange(bytes: Buffer, until?: number, pieces = bytes.length) {
    return new Promise<{ type: number; id: number; payload: Buffer }[]>((resolve) => {
      const frames: { type: number; id: number; payload: Buffer }[] = [];
      const socket = connect(stage.port, '127.0.0.1');
      let got = Buffer.alloc(0);
      const done = () => {
        socket.destroy();
        resolve(frames);
      };
      socket.on('error', () => {});
      socket.on('close', done);
      socket.on('data', (chunk: Buffer) => {
        got = Buffer.concat([got, chunk]);
        while (got.length >= 9 && got.length >= 9 + got.readUIntBE(0, 3)) {
          const end = 9 + got.readUIntBE(0, 3);
          frames.push({ type: got[3] ?? -1, id: got.readUInt32BE(5), payload: got.subarray(9, end) });
          got = got.subarray(end);
          if (frames.at(-1)?.type === until) done();
        }
      });
      socket.setNoDelay(true);
      for (let at = 0; at < bytes.length; at += pieces) socket.write(bytes.subarray(at, at + pieces));
    });
  }

  const goawayOf = async (...frames: Buffer[]) =>
    (await exchange(Buffer.concat([START, ...frames]), FrameType.GOAWAY)).at(-1)?.payload.readUInt32BE(4);
  const resetOf = async (...frames: Buffer[]) =>
    (await exchange(Buffer.concat([START, ...frames]), FrameType.RST_STREAM)).at(-1)?.payload.readUInt32BE(0);

  it('[GR2] reads frames that are cut anywhere', async () => {
    const bytes = Buffer.concat([START, open(1), data(1, prefixed(Buffer.from('hello')))]);
    for (const size of [1, 2, 3, 7, 10, 33]) {
      const answer = (await exchange(bytes, FrameType.DATA, size)).at(-1);
      expect(answer?.payload.subarray(5).toString()).toBe('hello');
    }
  });

  it('[GR2] ends for violations, and says which', async () => {
    const ping = frame(FrameType.PING, 0, 0, Buffer.alloc(7));
    expect(await goawayOf(ping)).toBe(Http2Code.FRAME_SIZE_ERROR);
    const tooLong = Buffer.alloc(9);
    tooLong.writeUIntBE(16_385, 0, 3);
    expect(await goawayOf(tooLong)).toBe(Http2Code.FRAME_SIZE_ERROR);
    const violations = [
      data(0, Buffer.alloc(1)),
      data(5, Buffer.alloc(1)),
      open(2),
      frame(FrameType.CONTINUATION, FrameFlag.END_HEADERS, 1, Buffer.alloc(1)),
      frame(FrameType.PUSH_PROMISE, 0, 1, Buffer.alloc(4)),
      numberFrame(FrameType.WINDOW_UPDATE, 0, 0),
      Buffer.concat([open(1), data(1, Buffer.of(9, 1), FrameFlag.PADDED)]),
      Buffer.concat([frame(FrameType.HEADERS, 0, 1, headerBlock(REQUEST)), SETTINGS]),
    ];
    for (const violation of violations) expect(await goawayOf(violation)).toBe(Http2Code.PROTOCOL_ERROR);
    expect(await goawayOf(numberFrame(FrameType.WINDOW_UPDATE, 0, 2 ** 31 - 1))).toBe(Http2Code.FLOW_CONTROL_ERROR);
    expect(await goawayOf(frame(FrameType.HEADERS, FrameFlag.END_HEADERS, 1, Buffer.of(0x80)))).toBe(
      Http2Code.COMPRESSION_ERROR,
    );
  });

  it('[GR4] ends for floods of headers and resets', async () => {
    const endless = [frame(FrameType.HEADERS, 0, 1, headerBlock(REQUEST))];
    for (let part = 0; part < 2_000; part++) endless.push(frame(FrameType.CONTINUATION, 0, 1, Buffer.alloc(0)));
    expect(await goawayOf(...endless)).toBe(Http2Code.ENHANCE_YOUR_CALM);
    const resets: Buffer[] = [];
    for (let id = 1; id < 50_000; id += 2)
      resets.push(open(id), numberFrame(FrameType.RST_STREAM, id, Http2Code.CANCEL));
    expect(await goawayOf(...resets)).toBe(Http2Code.ENHANCE_YOUR_CALM);
  });

  it('[GR2] resets a stream for what concerns it alone', async () => {
    const huge = headerFrames(1, headerBlock([...REQUEST, ['token', 'x'.repeat(40_000)]]), false);
    expect(await resetOf(huge)).toBe(Http2Code.ENHANCE_YOUR_CALM);
    expect(await resetOf(headerFrames(1, headerBlock([...REQUEST, ['Bad', 'x']]), false))).toBe(
      Http2Code.PROTOCOL_ERROR,
    );
    expect(await resetOf(headerFrames(1, headerBlock(REQUEST.slice(1)), false))).toBe(Http2Code.PROTOCOL_ERROR);
    expect(await resetOf(open(1), numberFrame(FrameType.WINDOW_UPDATE, 1, 0))).toBe(Http2Code.PROTOCOL_ERROR);
    const block = headerBlock(REQUEST.map(([name, value]) => [name, name === ':path' ? '/test.Echo/Slow' : value]));
    // The method takes its time, so the client gets no further window, and sends beyond it.
    const chunk = data(1, Buffer.concat(Array(10).fill(prefixed(Buffer.alloc(1_600)))));
    expect(await resetOf(headerFrames(1, block, false), ...Array<Buffer>(40).fill(chunk))).toBe(
      Http2Code.FLOW_CONTROL_ERROR,
    );
  });

  it('[GR3] survives bytes at random', async () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    const valid = Buffer.concat([open(1), data(1, prefixed(Buffer.from('hello'))), open(3, true), SETTINGS]);
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.from(valid);
      for (let change = 0; change < 4; change++) bytes[random() % bytes.length] = random() % 256;
      const socket = connect(stage.port, '127.0.0.1');
      socket.on('error', () => {});
      await new Promise((resolve) => socket.write(Buffer.concat([START, bytes]), resolve));
      socket.destroy();
    }
    expect(await unary(client, '/test.Echo/Unary', 'still')).toEqual(Buffer.from('still'));
    expect(stage.logged).toEqual([]);
    await expect.poll(() => stage.server.connectionCount).toBe(1);
  });
});
