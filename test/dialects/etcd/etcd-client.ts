import {
  create,
  type DescMessage,
  type DescMethodBiDiStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { Auth } from '../../../src/codecs/etcd/messages/rpc_pb';

/** Channels of their own, so that a client's connections are not those of another one. */
const CHANNEL = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 400,
  'grpc.max_receive_message_length': -1,
};

/** Options of an {@link EtcdClient}. */
export interface EtcdClientOptions {
  /** Host and port. */
  address: string;
  /** Sent with each call; absent: none. */
  token?: string | undefined;
  /** Default: no TLS. */
  channelCredentials?: ChannelCredentials;
}

type Duplex<In extends DescMessage, Out extends DescMessage> = ClientDuplexStream<
  MessageInitShape<In>,
  MessageShape<Out>
>;

/** A client of etcd's API by gRPC, which adds nothing to its calls: neither retries nor resumed streams. */
export class EtcdClient {
  readonly #client: Client;
  readonly #token: string | undefined;

  constructor({ address, token, channelCredentials = credentials.createInsecure() }: EtcdClientOptions) {
    this.#client = new Client(address, channelCredentials, CHANNEL);
    this.#token = token;
  }

  /** Makes a call with one request and one answer. @throws {ServiceError} */
  call<In extends DescMessage, Out extends DescMessage>(
    method: DescMethodUnary<In, Out>,
    request: MessageInitShape<In>,
    { deadlineMs = 20_000, headers = {} }: { deadlineMs?: number; headers?: Record<string, string> } = {},
  ): Promise<MessageShape<Out>> {
    const bytes = Buffer.from(toBinary(method.input, create(method.input, request)));
    return this.raw(pathOf(method), bytes, { deadlineMs, headers }).then((answer) => fromBinary(method.output, answer));
  }

  /** Sends bytes as the request of a call, whatever they are. @throws {ServiceError} */
  raw(
    path: string,
    bytes: Uint8Array,
    { deadlineMs = 20_000, headers = {} }: { deadlineMs?: number; headers?: Record<string, string> } = {},
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (request: Uint8Array) => Buffer.from(request),
        (answer: Buffer) => answer,
        bytes,
        this.#metadata(headers),
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, answer?: Buffer) => {
          if (error === null && answer !== undefined) resolve(answer);
          else reject(error ?? new Error('neither an answer nor an error'));
        },
      );
    });
  }

  /** Opens a stream. Its `error` event has to be handled. */
  stream<In extends DescMessage, Out extends DescMessage>(method: DescMethodBiDiStreaming<In, Out>): Duplex<In, Out> {
    return this.#client.makeBidiStreamRequest(
      pathOf(method),
      (request: MessageInitShape<In>) => Buffer.from(toBinary(method.input, create(method.input, request))),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      this.#metadata({}),
    );
  }

  /** Opens a stream whose messages are bytes, whatever they are. */
  rawStream(path: string): ClientDuplexStream<Uint8Array, Buffer> {
    return this.#client.makeBidiStreamRequest(
      path,
      (request: Uint8Array) => Buffer.from(request),
      (bytes: Buffer) => bytes,
      this.#metadata({}),
    );
  }

  close(): void {
    this.#client.close();
  }

  #metadata(headers: Record<string, string>): Metadata {
    const metadata = new Metadata();
    if (this.#token !== undefined) metadata.set('token', this.#token);
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  }
}

/** Logs in as clients do, and returns the token for their calls. */
export async function logIn(address: string, user: string, password: string): Promise<string> {
  const client = new EtcdClient({ address });
  try {
    return (await client.call(Auth.method.authenticate, { name: user, password })).token;
  } finally {
    client.close();
  }
}

const pathOf = ({ parent, name }: { parent: { typeName: string }; name: string }): string =>
  `/${parent.typeName}/${name}`;

/** Returns the code and the text of a refused call, such as `3 etcdserver: key is not provided`; `OK` if it succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    const { code, details } = error as ServiceError; // `as`: a client throws nothing else
    return `${code} ${details}`;
  }
}
