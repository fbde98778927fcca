import { GrpcCode, GrpcError } from '../../src/gateway/grpc/grpc-error';
import type { GrpcMethod, GrpcMethods } from '../../src/gateway/grpc/grpc-method';

/** Messages that `Flood` has sent until `send` returned false, and the bytes that waited then. */
export const flooded = { count: 0, waiting: 0, drains: 0 };

/** Highest number of bytes that were held while `Many` has sent its messages; the test sets how to find out. */
export const planned = { most: 0, heldBytes: (): number => 0 };

/** Calls whose signal was aborted, by path. */
export const aborted: string[] = [];

/** Methods that tests call. */
export const TEST_METHODS: GrpcMethods = new Map<string, GrpcMethod>([
  ['/test.Echo/Unary', { kind: 'unary', answer: (request) => request }],
  ['/test.Echo/Later', { kind: 'unary', answer: async (request) => request }],
  ['/test.Echo/Small', { kind: 'unary', answer: (request) => request, receiveMaxBytes: 10 }],
  ['/test.Echo/Size', { kind: 'unary', answer: (request) => new Uint8Array(Number(Buffer.from(request).toString())) }],
  [
    '/test.Echo/Refuse',
    {
      kind: 'unary',
      answer: () => {
        throw new GrpcError(GrpcCode.NOT_FOUND, 'nichts gefunden: 100% süß\n');
      },
    },
  ],
  ['/test.Echo/Break', { kind: 'unary', answer: () => Promise.reject(new Error('a secret')) }],
  [
    '/test.Echo/Never',
    {
      kind: 'unary',
      answer: (_request, call) =>
        new Promise(() => call.signal.addEventListener('abort', () => aborted.push(call.path))),
    },
  ],
  [
    '/test.Echo/Call',
    {
      kind: 'unary',
      answer: (_request, { path, metadata, authority, peer }) =>
        Buffer.from(JSON.stringify({ path, token: metadata.token, authority, name: peer.certificateName })),
    },
  ],
  [
    '/test.Echo/Stream',
    {
      kind: 'stream',
      open: (call, output) => {
        call.signal.addEventListener('abort', () => aborted.push(call.path));
        return { message: (bytes) => void output.send(bytes), ended: () => output.end() };
      },
    },
  ],
  [
    '/test.Echo/Closed',
    {
      kind: 'stream',
      open: () => {
        throw new GrpcError(GrpcCode.UNAUTHENTICATED, 'closed');
      },
    },
  ],
  [
    '/test.Echo/Slow',
    {
      kind: 'stream',
      open: (_call, output) => ({
        message: async (bytes) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          output.send(bytes);
        },
        ended: () => output.end(new GrpcError(GrpcCode.ABORTED, 'done')),
      }),
    },
  ],
  [
    '/test.Echo/Flood',
    {
      kind: 'stream',
      open: (_call, output) => {
        const message = Buffer.alloc(1_000);
        output.onDrain = () => {
          flooded.drains++;
        };
        return {
          message: () => {
            while (output.send(message)) flooded.count++;
            flooded.waiting = output.bytesWaiting;
          },
          ended: () => {},
        };
      },
    },
  ],
  [
    '/test.Echo/Many',
    {
      kind: 'stream',
      open: (_call, output) => ({
        message: () => {
          for (let count = 0; count < 100; count++) output.send(new Uint8Array(100_000));
          planned.most = Math.max(planned.most, planned.heldBytes());
        },
        ended: () => {},
      }),
    },
  ],
  [
    '/test.Echo/Overflow',
    {
      kind: 'stream',
      open: (call, output) => {
        const message = Buffer.alloc(100_000);
        return {
          message: () => {
            while (!call.signal.aborted) output.send(message);
          },
          ended: () => {},
        };
      },
    },
  ],
]);
