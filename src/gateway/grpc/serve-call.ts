import { GRPC_MESSAGE_MAX_BYTES } from '../../model/limits';
import type { CallStream } from './call-stream';
import { GrpcCode, GrpcError } from './grpc-error';
import type { GrpcInput, GrpcMethod } from './grpc-method';
import { MessageFrames } from './message-frames';
import { MessageOutput } from './message-output';

type UnaryMethod = Extract<GrpcMethod, { kind: 'unary' }>;
type StreamMethod = Extract<GrpcMethod, { kind: 'stream' }>;

const cutShort = () => new GrpcError(GrpcCode.INTERNAL, 'unexpected EOF');

/** Serves a call until its stream ends. */
export function serveCall(call: CallStream, method: GrpcMethod): void {
  const encoding = call.metadata['grpc-encoding'];
  const maxBytes = method.receiveMaxBytes ?? GRPC_MESSAGE_MAX_BYTES;
  const frames = new MessageFrames(maxBytes, typeof encoding === 'string' ? encoding : '');
  if (method.kind === 'unary') serveUnary(call, method, frames);
  else serveStream(call, method, frames);
}

/** Serves a call with one request and one answer. */
function serveUnary(call: CallStream, method: UnaryMethod, frames: MessageFrames): void {
  let request: Uint8Array | undefined;
  call.stream.on('data', (chunk: Uint8Array) => {
    if (call.isOver) return;
    frames.push(chunk);
    try {
      // A request that is too large is refused before it has arrived.
      const message = frames.next();
      if (message === undefined) return;
      if (request !== undefined) throw new GrpcError(GrpcCode.INTERNAL, 'a unary call has one request message');
      request = message;
    } catch (error) {
      call.fail(error);
    }
  });
  call.stream.on('end', () => {
    call.hasRequest = true;
    if (call.isOver) return;
    if (request === undefined || frames.isCut) return call.end(cutShort());
    try {
      const answer = method.answer(request, call);
      if (!(answer instanceof Promise)) return call.answer(answer);
      answer.then(
        (message) => call.answer(message),
        (error: unknown) => call.fail(error),
      );
    } catch (error) {
      call.fail(error);
    }
  });
}

/** Serves a call with any number of messages in both directions. */
function serveStream(call: CallStream, method: StreamMethod, frames: MessageFrames): void {
  const { stream } = call;
  call.isStreaming = true;
  let input: GrpcInput;
  try {
    input = method.open(call, new MessageOutput(call));
  } catch (error) {
    return call.refuse(call.statusOf(error));
  }
  let isWaiting = false;
  /** Passes messages on, as long as the method takes them. */
  const pass = (): void => {
    try {
      while (!isWaiting && !call.isOver) {
        const message = frames.next();
        if (message === undefined) break;
        const taken = input.message(message);
        if (taken instanceof Promise) wait(taken);
      }
      if (isWaiting || call.isOver || !call.hasRequest) return;
      if (frames.isCut) call.end(cutShort());
      else input.ended();
    } catch (error) {
      call.fail(error);
    }
  };
  const wait = (taken: Promise<void>): void => {
    isWaiting = true;
    stream.pause();
    taken.then(
      () => {
        isWaiting = false;
        stream.resume();
        pass();
      },
      (error: unknown) => {
        // The rest of the request is read and dropped, so that the client can end it.
        stream.resume();
        call.fail(error);
      },
    );
  };
  stream.on('data', (chunk: Uint8Array) => {
    if (call.isOver) return;
    frames.push(chunk);
    pass();
  });
  stream.on('end', () => {
    call.hasRequest = true;
    pass();
  });
}
