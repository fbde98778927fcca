import { create, type DescMessage, type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Event } from '../../codecs/etcd/messages/kv_pb';
import {
  Auth,
  AuthenticateResponseSchema,
  type ResponseHeader,
  ResponseHeaderSchema,
  type WatchResponse,
  WatchResponseSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { refusalOf } from '../../codecs/etcd/refusals';
import type { EtcdCall, StreamInput } from '../../protocols/etcd/etcd-call';
import { ETCD_METHODS, type EtcdMethod, type EtcdStreamMethod, toRegistryError } from '../../protocols/etcd/methods';
import { GrpcCode, GrpcError } from '../grpc/grpc-error';
import type { GrpcCall, GrpcInput, GrpcMethod, GrpcMethods, GrpcOutput } from '../grpc/grpc-method';
import type { EtcdClient, EtcdClients } from './etcd-clients';

/** Options of {@link etcdMethods}. */
export interface EtcdMethodsOptions {
  clients: EtcdClients;
  /** True if clients reach the port by TLS. */
  isSecure: boolean;
  /** Called with an error that is not one of the registry's. */
  onFault(error: unknown, path: string): void;
}

/** Returns the methods of etcd's API for a server of gRPC, by path. */
export function etcdMethods(options: EtcdMethodsOptions): GrpcMethods {
  const methods = new Map<string, GrpcMethod>();
  for (const method of ETCD_METHODS) methods.set(pathOf(method.method), grpcMethod(method, options));
  methods.set(pathOf(Auth.method.authenticate), authenticate(options));
  return methods;
}

const pathOf = ({ parent, name }: DescMethod): string => `/${parent.typeName}/${name}`;

function grpcMethod(method: EtcdMethod, options: EtcdMethodsOptions): GrpcMethod {
  const { input, output } = method.method;
  if (method.kind === 'unary') {
    return {
      kind: 'unary',
      answer: async (bytes, call) => {
        try {
          const request = readMessage(() => fromBinary(input, bytes));
          const client = options.clients.client(tokenOf(call), call.peer);
          const known = client instanceof Promise ? await client : client;
          return toBinary(output, await method.answer(etcdCall(known, call, options), request));
        } catch (error) {
          throw grpcError(error, call, options);
        }
      },
    };
  }
  return {
    kind: 'stream',
    open: (call, out) => new EtcdStream(method, call, out, options),
  };
}

/** Returns a call of gRPC as one of etcd's API. */
function etcdCall({ namespace, user }: EtcdClient, call: GrpcCall, { isSecure }: EtcdMethodsOptions): EtcdCall {
  return {
    namespace,
    user,
    get clientUrl() {
      return `${isSecure ? 'https' : 'http'}://${call.authority}`;
    },
    // Few methods use it, and it is made when it is read.
    get signal() {
      return call.signal;
    },
  };
}

/** A stream of a client, whose token may still have to be verified when its first messages arrive. */
class EtcdStream implements GrpcInput {
  readonly #method: EtcdStreamMethod;
  readonly #call: GrpcCall;
  readonly #out: GrpcOutput;
  readonly #options: EtcdMethodsOptions;
  #input: StreamInput | undefined;
  /** Messages that wait for the token to be verified. */
  #opening: Promise<void> | undefined;

  constructor(method: EtcdStreamMethod, call: GrpcCall, out: GrpcOutput, options: EtcdMethodsOptions) {
    this.#method = method;
    this.#call = call;
    this.#out = out;
    this.#options = options;
    try {
      const client = options.clients.client(tokenOf(call), call.peer);
      if (client instanceof Promise) {
        this.#opening = client.then(
          (found) => this.#open(found),
          (error: unknown) => this.#fail(error),
        );
      } else this.#open(client);
    } catch (error) {
      throw grpcError(error, call, options);
    }
    out.onDrain = () => this.#input?.resume();
    call.signal.addEventListener('abort', () => this.#input?.close());
  }

  message(bytes: Uint8Array): void | Promise<void> {
    const input = this.#input;
    if (input === undefined) return this.#opening?.then(() => this.#input && this.message(bytes));
    const request = readMessage(() => fromBinary(this.#method.method.input, bytes));
    try {
      // The stream may outlive its token.
      const client = this.#options.clients.client(tokenOf(this.#call), this.#call.peer);
      if (!(client instanceof Promise)) return input.take(request);
      return client.then(
        () => input.take(request),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  ended(): void {
    if (this.#input !== undefined) this.#input.finish();
    else void this.#opening?.then(() => this.#input?.finish());
  }

  #open(client: EtcdClient): void {
    if (this.#call.signal.aborted) return;
    const encode = encoderOf(this.#method.method.output);
    this.#input = this.#method.open(etcdCall(client, this.#call, this.#options), {
      send: (response: Message) => {
        if (!this.#out.send(encode(response))) this.#input?.pause();
      },
      end: (error) => {
        if (error === undefined) this.#out.end();
        else this.#fail(error);
      },
    });
  }

  #fail(error: unknown): void {
    this.#input?.close();
    this.#out.end(grpcError(error, this.#call, this.#options));
  }
}

/** Fields that responses with the same events differ in. */
const { number: WATCH_ID } = WatchResponseSchema.field.watchId;
const { number: FRAGMENT } = WatchResponseSchema.field.fragment;

/** Returns a function that encodes the messages of a stream. */
function encoderOf(output: DescMessage): (message: Message) => Uint8Array {
  if (output !== WatchResponseSchema) return (message) => toBinary(output, message);
  const writer = new BinaryWriter();
  let last: { header: ResponseHeader | undefined; events: readonly Event[]; bytes: Uint8Array } | undefined;
  return (message) => {
    const response = message as WatchResponse; // `as`: a message of the schema
    const { header, events } = response;
    if (events.length === 0) return toBinary(WatchResponseSchema, response);
    // Watches of the same keys are sent the same events. A message may come in parts, each with some of its members.
    if (last?.header !== header || last?.events !== events) {
      last = { header, events, bytes: toBinary(WatchResponseSchema, create(WatchResponseSchema, { header, events })) };
    }
    if (response.watchId !== 0n) writer.tag(WATCH_ID, WireType.Varint).int64(response.watchId);
    if (response.fragment) writer.tag(FRAGMENT, WireType.Varint).bool(true);
    return Buffer.concat([last.bytes, writer.finish()]);
  };
}

function authenticate(options: EtcdMethodsOptions): GrpcMethod {
  const { input } = Auth.method.authenticate;
  return {
    kind: 'unary',
    answer: async (bytes, call) => {
      try {
        const { name, password } = readMessage(() => fromBinary(input, bytes));
        const token = await options.clients.logIn(name, password, call.peer);
        return toBinary(
          AuthenticateResponseSchema,
          create(AuthenticateResponseSchema, { header: EMPTY_HEADER, token }),
        );
      } catch (error) {
        throw grpcError(error, call, options);
      }
    },
  };
}

const EMPTY_HEADER = create(ResponseHeaderSchema);

/** Reads a message. @throws {GrpcError} for bytes that are none: the words are those of Go's server. */
function readMessage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GrpcError(GrpcCode.INTERNAL, `grpc: error unmarshalling request: ${reason}`);
  }
}

/**
 * Returns the token of a call. Clients of etcd send what a login has returned as `token`; etcd reads the first one, as python's
 * client opens watches with two.
 */
function tokenOf({ metadata }: GrpcCall): string | undefined {
  const { token, authorization } = metadata;
  const text = typeof token === 'string' ? token.split(',', 1)[0] : authorization;
  return text?.replace(/^bearer +/i, '');
}

function grpcError(error: unknown, { path }: GrpcCall, { onFault }: EtcdMethodsOptions): GrpcError {
  if (error instanceof GrpcError) return error;
  const registryError = toRegistryError(error);
  if (registryError !== error) onFault(error, path);
  const { code, message } = refusalOf(registryError.toData());
  // `as`: the texts of etcd have codes of gRPC alone.
  return new GrpcError(code as GrpcCode, message);
}
