import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { referenceInstance } from '../reference-instance';

/** Returns a number in protobuf's variable length. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** Returns a field of a protobuf message: a number, or bytes after their length. */
function field(number: number, value: bigint | string | Buffer): Buffer {
  if (typeof value === 'bigint') return Buffer.concat([varint(BigInt(number << 3)), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
}

const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);

/** Returns a message as gRPC sends it: a byte for "not compressed", its length, and itself. */
function framed(payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

/** Field 1 of all answers: the ids of cluster and member, the revision, and the term. Values as large as real ones. */
const HEADER = field(
  1,
  message(field(1, 0xcdf8181e3a8c9d2dn), field(2, 0x8e9e05c52164694dn), field(3, 123_456n), field(4, 2n)),
);

/** Returns an answer to a range: its keys with values of the length that the bench puts. */
function rangeAnswer(count: number): Buffer {
  const value = JSON.stringify(referenceInstance(1));
  const keys = Array.from({ length: count }, (_, n) => {
    const key = field(1, `/bench/read/${String(n).padStart(2, '0')}`);
    return field(2, message(key, field(2, 123_400n), field(3, 123_400n), field(4, 1n), field(5, value)));
  });
  return framed(message(HEADER, ...keys, field(4, BigInt(count))));
}

const RANGE_OF_1 = rangeAnswer(1);
const RANGE_OF_20 = rangeAnswer(20);
const PUT_OF_TXN = field(3, field(2, HEADER));

/** Answers by path of the method. */
const ANSWERS: Readonly<Record<string, Buffer>> = {
  '/etcdserverpb.KV/Put': framed(HEADER),
  '/etcdserverpb.KV/Txn': framed(message(HEADER, field(2, 1n), PUT_OF_TXN, PUT_OF_TXN)),
};
const KEEPALIVE = '/etcdserverpb.Lease/LeaseKeepAlive';
const KEPT_ALIVE = framed(message(HEADER, field(2, 1n), field(3, 3_600n)));

/** Returns whether a range has an end: its key is field 1, and the field after it has number 2. */
const hasRangeEnd = (request: Buffer): boolean => request[7 + (request[6] ?? 0)] === 0x12;

function respond(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
}

/** Answers each message of a stream. */
function answerEach(stream: ServerHttp2Stream): void {
  respond(stream);
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers: Buffer[] = [];
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      rest = rest.subarray(5 + rest.readUInt32BE(1));
      answers.push(KEPT_ALIVE);
    }
    if (answers.length > 0) stream.write(answers.length === 1 ? KEPT_ALIVE : Buffer.concat(answers));
  });
  stream.on('end', () => stream.end());
}

function answerOnce(stream: ServerHttp2Stream, path: string): void {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    const [first = Buffer.alloc(0), ...others] = chunks;
    const request = others.length === 0 ? first : Buffer.concat(chunks);
    respond(stream);
    stream.end(ANSWERS[path] ?? (hasRangeEnd(request) ? RANGE_OF_20 : RANGE_OF_1));
  });
}

// Floor *grpc*: the maximum rate of gRPC over `node:http2` with constant answers of etcd's API.
const server = createServer({ settings: { maxConcurrentStreams: 1_000 } });
server.on('stream', (stream, headers) => {
  const path = headers[':path'] ?? '';
  // A client that leaves resets its streams.
  stream.on('error', () => {});
  if (path === KEEPALIVE) answerEach(stream);
  else answerOnce(stream, path);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // `as`: it listens on TCP
  console.log(String(port));
});
process.on('SIGTERM', () => process.exit(0));
