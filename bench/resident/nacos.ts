import process from 'node:process';
import { encodePayload } from '../../src/codecs/nacos/payload';
import { listenForGrpc } from '../../src/gateway/grpc/grpc-listener';
import type { GrpcMethod, GrpcOutput } from '../../src/gateway/grpc/grpc-method';

const SUCCESS = { resultCode: 200, errorCode: 0, success: true, requestId: '1' };
const ANSWER = encodePayload('InstanceResponse', { ...SUCCESS, type: 'registerInstance' });
const SETUP_ACK = encodePayload('SetupAckRequest', { requestId: '1', abilityTable: {} });

/** Streams of all clients. */
const outputs = new Set<GrpcOutput>();

/**
 * Floor *nacos*: the registry's own server of gRPC with a constant answer to each request of Nacos' protocol, and a method that
 * forwards its message to the streams of all clients.
 */
const listener = await listenForGrpc({
  host: '127.0.0.1',
  port: 0,
  kind: 'the bench',
  methods: new Map<string, GrpcMethod>([
    ['/Request/request', { kind: 'unary', answer: () => ANSWER }],
    [
      '/Bench/broadcast',
      {
        kind: 'unary',
        answer: (push) => {
          for (const output of outputs) output.send(push);
          return ANSWER;
        },
      },
    ],
    [
      '/BiRequestStream/requestBiStream',
      {
        kind: 'stream',
        open: (call, output) => {
          call.signal.addEventListener('abort', () => outputs.delete(output));
          return {
            // The first message introduces the client, and all others acknowledge pushes.
            message: () => {
              if (outputs.has(output)) return;
              outputs.add(output);
              output.send(SETUP_ACK);
            },
            ended: () => output.end(),
          };
        },
      },
    ],
  ]),
  files: [],
  acceptHttp: (socket) => socket.destroy(),
  answerHttp2: async () => new Response(null, { status: 404 }),
  log: () => {},
});
console.log(String(listener.port));
process.on('SIGTERM', () => process.exit(0));
