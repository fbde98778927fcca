import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_MAX_BYTES, OUTPUT_PIECE_MAX_BYTES, UNREAD_BODY_MAX_BYTES } from '../../../model/limits';
import { pipeOf } from './byte-pipe';
import type { ConnectionGuard } from './connection-guard';
import { LightResponse } from './light-response';
import { listHeaders } from './listed-headers';
import type { RequestBody } from './request-body';

/** The parts of an exchange that {@link writeAnswer} uses. */
export interface Exchange {
  message: IncomingMessage;
  response: ServerResponse;
  body: RequestBody;
  /** True if the connection closes after this response. */
  isLast: boolean;
  guard: ConnectionGuard;
}

/**
 * Writes a response. A text is written at once, or in chunks as the client reads if it is large. A pipe writes its own bytes.
 * All other bodies are read as streams.
 */
export function writeAnswer(exchange: Exchange, answer: Response): void {
  const { message, response, body, guard } = exchange;
  const parts = LightResponse.partsOf(answer);
  const { status } = answer;
  const content = parts === undefined ? answer.body : parts.body;
  if (response.destroyed || message.socket.destroyed) {
    leave(content);
    return;
  }
  const headers = [...(parts?.headers ?? listHeaders(answer.headers))];
  if (parts?.defaultType !== undefined) headers.push('content-type', parts.defaultType);
  // If the client is still sending an unread body, answer now and discard the rest for a while.
  const isUnread = !message.complete && body.isSent;
  const isSmall = !body.isHeldBack && !body.isUsed && Number(message.headers['content-length']) <= BODY_MAX_BYTES;
  if (isUnread && isSmall) guard.discardBody(message);
  const isLast = exchange.isLast || (isUnread && !isSmall);
  if (isLast) headers.push('connection', 'close');
  else headers.push('keep-alive', guard.keepAlive);

  if (content instanceof ReadableStream) {
    response.writeHead(status, headers);
    if (message.method === 'HEAD') {
      leave(content);
      response.end();
    } else writeStream(response, content);
    return;
  }
  const isBodiless = status === 204 || status === 304;
  if (content !== null && !hasLength(headers)) {
    headers.push('content-length', String(typeof content === 'string' ? Buffer.byteLength(content) : content.length));
  } else if (content === null && !isBodiless && message.method !== 'HEAD') headers.push('content-length', '0');
  response.writeHead(status, headers);
  if (isUnread && !isSmall && !body.isHeldBack) {
    if (content === null || message.method === 'HEAD') response.flushHeaders();
    else response.write(content);
    takeRest(message, response, guard.deadlines.unreadBodyMs);
  } else if (content === null || message.method === 'HEAD') response.end();
  else if (content.length <= OUTPUT_PIECE_MAX_BYTES) response.end(content);
  else void writePieces(response, content);
}

function hasLength(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === 'content-length') return true;
  return false;
}

/** Cancels the source of a body that will not be written. */
function leave(content: unknown): void {
  if (!(content instanceof ReadableStream)) return;
  const pipe = pipeOf(content);
  if (pipe !== undefined) pipe.cancel();
  else content.cancel().catch(() => {});
}

/** Waits until the socket's buffer has drained or the client is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

async function writePieces(response: ServerResponse, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let begin = 0; begin < bytes.length && !response.destroyed; begin += OUTPUT_PIECE_MAX_BYTES) {
    if (!response.write(bytes.subarray(begin, begin + OUTPUT_PIECE_MAX_BYTES))) await drained(response);
  }
  response.end();
}

function writeStream(response: ServerResponse, content: ReadableStream<Uint8Array>): void {
  response.flushHeaders();
  const pipe = pipeOf(content);
  if (pipe === undefined) void copy(response, content.getReader());
  else pipe.writeTo(response);
}

async function copy(response: ServerResponse, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  // Cancel the source at once when the client disconnects: its next chunk may be far away.
  response.once('close', () => reader.cancel(new Error('the client disconnected')).catch(() => {}));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || response.destroyed) break;
      if (!response.write(value)) await drained(response);
    }
    response.end();
  } catch {
    // The source has logged its failure. An unfinished response shows the client that the body is incomplete.
    response.destroy();
  }
}

/**
 * Discards the rest of a body and then ends the response. Closing the connection while the client sends would reset it, and
 * the client would not read the response.
 */
function takeRest(message: IncomingMessage, response: ServerResponse, maxMs: number): void {
  let rest = UNREAD_BODY_MAX_BYTES;
  const end = () => {
    clearTimeout(timer);
    message.off('data', take);
    response.end();
  };
  const take = (chunk: Uint8Array) => {
    rest -= chunk.length;
    if (rest < 0) end();
  };
  const timer = setTimeout(end, maxMs);
  message.on('error', () => {});
  message.on('data', take);
  message.once('end', end);
  message.once('close', end);
}
