import type { Message } from '@bufbuild/protobuf';
import type { RegistryError } from '../../model/errors';
import type { EtcdNamespace } from './etcd-namespace';

/** A call of a client. */
export interface EtcdCall {
  readonly namespace: EtcdNamespace;
  /** Name of the caller's user: the id of its token. */
  readonly user: string;
  /** URL at which the client reached the server, without a path. */
  readonly clientUrl: string;
  /** Aborted when the client leaves, or its deadline has passed. */
  readonly signal: AbortSignal;
}

/** Output of a stream. */
export interface StreamOutput<Response = Message> {
  send(response: Response): void;
  /** Ends the stream; with an error if one is given. */
  end(error?: RegistryError): void;
}

/** Input of a stream. */
export interface StreamInput<Request = Message> {
  /** A promise is returned if so many requests wait that the transport should read no further one before it resolves. */
  take(request: Request): void | Promise<void>;
  /** The client sends nothing more. It may still read. */
  finish(): void;
  /** The client does not read at the moment, and reads again. */
  pause(): void;
  resume(): void;
  /** The stream is over. */
  close(): void;
}
