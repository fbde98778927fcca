import { type ClientHttp2Session, connect } from 'node:http2';
import { isIP } from 'node:net';
import { deferred } from '../../model/deferred';
import {
  addressWithPort,
  type CheckResult,
  describeError,
  PROBE_BODY_MAX_BYTES,
  type ProbeDefinition,
  type Target,
} from './probe';

/** Value of `status` in `grpc.health.v1.HealthCheckResponse` of a healthy service. */
const SERVING = 1;

/** Number of bytes before a message: a flag for compression, and the length. */
const PREFIX_BYTES = 5;

/** Names of gRPC's status codes, as Go prints them. */
const CODES = (
  'OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted ' +
  'FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated'
).split(' ');

/** Encodes a number as a varint of Protocol Buffers. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** Encodes a `grpc.health.v1.HealthCheckRequest`, whose only member is the service, with the prefix of a message. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Reads `status` of the first message, a `grpc.health.v1.HealthCheckResponse`; undefined for anything else. */
export function servingStatus(data: Buffer): number | undefined {
  if (data.length < PREFIX_BYTES || data[0] !== 0) return undefined;
  const length = data.readUInt32BE(1);
  const message = data.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  if (message.length < length) return undefined;
  // An absent member has its default, 0. The status is a varint in field 1, and no other member exists.
  if (length === 0) return 0;
  return message[0] === 0x08 && length === 2 ? message[1] : undefined;
}

/** Splits the target of a gRPC check, `host:port/service`. The service may be absent. */
export function grpcService(target: string): string {
  const slash = target.indexOf('/');
  return slash < 0 ? '' : target.slice(slash + 1);
}

const text = (value: string | string[] | undefined): string => (Array.isArray(value) ? value.join() : (value ?? ''));

/** Calls `grpc.health.v1.Health/Check`. Resolves to the data of the answer, once its trailers say that it is complete. */
function call(session: ClientHttp2Session, service: string, authority: string): Promise<Buffer> {
  const { promise, resolve, reject } = deferred<Buffer>();
  session.on('error', reject);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': authority,
    'content-type': 'application/grpc',
    'user-agent': 'Consul Health Check',
    te: 'trailers',
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let code = '';
  let message = '';
  const take = (headers: Record<string, string | string[] | undefined>): void => {
    code ||= text(headers['grpc-status']);
    message ||= text(headers['grpc-message']);
  };
  stream.on('response', (headers) => {
    if (headers[':status'] !== 200) reject(new Error(`rpc error: code = Unknown desc = HTTP ${headers[':status']}`));
    take(headers as Record<string, string>); // `as`: only headers whose values are texts are read
  });
  stream.on('trailers', (headers) => take(headers as Record<string, string>)); // `as`: as above
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > PROBE_BODY_MAX_BYTES) reject(new Error('the answer is too long'));
    else chunks.push(chunk);
  });
  stream.on('error', reject);
  stream.on('end', () => {
    if (code === '0') resolve(Buffer.concat(chunks));
    const name = CODES[Number(code)] ?? 'Unknown';
    reject(new Error(`rpc error: code = ${name} desc = ${code === '' ? 'the answer has no status' : message}`));
  });
  stream.end(healthRequest(service));
  return promise;
}

/**
 * Asks a server for its health by gRPC's protocol for it. The check passes if the service is serving.
 *
 * @param signal Aborts at the timeout of the check.
 */
export async function probeGrpc(check: ProbeDefinition, target: Target, signal: AbortSignal): Promise<CheckResult> {
  const place = addressWithPort(target.address, target.port);
  const name = check.tlsServerName || target.host;
  const session = connect(`${check.grpcUseTls ? 'https' : 'http'}://${place}`, {
    ...(check.grpcUseTls ? { servername: isIP(name) > 0 ? '' : name, rejectUnauthorized: !check.tlsSkipVerify } : {}),
    // Servers that push or send many frames are not needed here.
    settings: { enablePush: false },
    maxSessionMemory: 1,
  });
  // Errors after the answer have no reader.
  session.on('error', () => {});
  const { promise: timedOut, reject } = deferred<never>();
  const abort = () => reject(new Error('rpc error: code = DeadlineExceeded desc = context deadline exceeded'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const authority = addressWithPort(target.host, target.port);
    const data = await Promise.race([call(session, grpcService(check.grpc), authority), timedOut]);
    if (servingStatus(data) === SERVING) {
      return { status: 'passing', output: `gRPC check ${check.grpc}: success` };
    }
    return { status: 'critical', output: "gRPC application didn't report service healthy" };
  } catch (error) {
    return { status: 'critical', output: describeError(error) };
  } finally {
    signal.removeEventListener('abort', abort);
    session.destroy();
  }
}
