import type { Headers } from '../http2/header-block';
import type { GrpcError } from './grpc-error';

/** The other end of a connection. */
export interface GrpcPeer {
  readonly address: string;
  readonly port: number;
  /** Common name of the client's certificate, if the port asks for certificates and has verified this one. */
  readonly certificateName: string | undefined;
}

/** One call of a method. */
export interface GrpcCall {
  /** Such as `/etcdserverpb.KV/Range`. */
  readonly path: string;
  /** Headers of the request, in lower case; values of one name are joined by commas. Each character is a byte. */
  readonly metadata: Headers;
  /** Host and port that the client asked for; empty if it named none. */
  readonly authority: string;
  /** Aborted when the client cancels, its deadline passes or the connection ends; of a stream, at its end in any case. */
  readonly signal: AbortSignal;
  readonly peer: GrpcPeer;
}

/** The messages that a stream sends. */
export interface GrpcOutput {
  /**
   * Sends a message; those of one turn leave in one write. Does nothing once the stream has ended.
   *
   * @returns False if the client does not read fast enough. The owner should then wait for `onDrain`: beyond
   * `GRPC_OUTPUT_UNREAD_MAX_BYTES` the stream is reset, which the client reads as RESOURCE_EXHAUSTED.
   */
  send(message: Uint8Array): boolean;
  /** Bytes that the client has not taken yet. Its window of HTTP/2 and the buffers of the kernel are not counted. */
  readonly bytesWaiting: number;
  /** Called after `send` has returned false, once the client has read enough. */
  onDrain: (() => void) | undefined;
  /** Ends the stream after all messages, with OK unless an error is given. */
  end(error?: GrpcError): void;
}

/** Receiver of the messages of a stream. What it throws ends the stream with that status. */
export interface GrpcInput {
  /** Takes one message. If it returns a promise, further messages wait for it, and so does the client. */
  message(bytes: Uint8Array): void | Promise<void>;
  /** The client sends no more messages. It still reads. */
  ended(): void;
}

/** A method of a service, as bytes in and bytes out. Throws `GrpcError` for any status but OK. */
export type GrpcMethod = (
  | { readonly kind: 'unary'; answer(request: Uint8Array, call: GrpcCall): Promise<Uint8Array> | Uint8Array }
  /** Streams of either direction, or both. */
  | { readonly kind: 'stream'; open(call: GrpcCall, output: GrpcOutput): GrpcInput }
) & {
  /** Size of a received message, `GRPC_MESSAGE_MAX_BYTES` if absent. */
  readonly receiveMaxBytes?: number;
};

/** Methods by path, such as `/etcdserverpb.KV/Range`. */
export type GrpcMethods = ReadonlyMap<string, GrpcMethod>;

/** Writes a line of the log about a fault that no client is to be blamed for. */
export type GrpcLog = (message: string, facts: Record<string, string>) => void;
