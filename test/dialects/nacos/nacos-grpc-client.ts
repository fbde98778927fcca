import { Client, type ClientDuplexStream, credentials, type ServiceError } from '@grpc/grpc-js';
import { decodePayload, encodeRequest } from '../../../src/codecs/nacos/payload';
import { deferred } from '../../../src/model/deferred';

/** A request that the server has pushed. */
export interface Pushed {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests check the members one by one
  body: any;
}

/** An answer of the server. */
export interface Answered extends Pushed {}

/** Options of {@link NacosGrpcClient}. */
export interface NacosClientOptions {
  /** Host and port of gRPC. */
  address: string;
  token?: string | undefined;
  namespace?: string;
  /** Name and version that the client introduces itself with. */
  version?: string;
  /** Authority of the server's certificate, in PEM; absent: no TLS. */
  authority?: Buffer;
  /** Sent in the introduction; null: none, as clients before 3.0 do. */
  abilityTable?: Record<string, boolean> | null;
}

const bytes = (message: Uint8Array): Buffer => Buffer.from(message);

/** Speaks Nacos' protocol over gRPC as its Java client does, and does nothing by itself. */
export class NacosGrpcClient {
  readonly pushed: Pushed[] = [];
  /** Number of messages that were read from the stream. */
  received = 0;
  /** Answers pushes as soon as they arrive. */
  acknowledges = true;
  /** Status with which the stream has ended; undefined while it is open. */
  ended: string | undefined;
  readonly #client: Client;
  readonly #options: NacosClientOptions;
  #stream: ClientDuplexStream<Buffer, Buffer> | undefined;
  #requests = 0;
  #arrived = deferred<void>();

  constructor(options: NacosClientOptions) {
    this.#options = options;
    const { authority } = options;
    const trust = authority === undefined ? credentials.createInsecure() : credentials.createSsl(authority);
    this.#client = new Client(options.address, trust, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
    });
  }

  /** Sends a request outside the stream. */
  ask(type: string, body: object = {}, token: string | undefined = this.#options.token): Promise<Answered> {
    this.#requests += 1;
    const json = { headers: {}, requestId: String(this.#requests), module: 'naming', ...body };
    return this.askBytes(encode(type, json, token));
  }

  /** Sends any bytes. */
  askBytes(message: Uint8Array): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const take = (error: ServiceError | null, answer?: Buffer): void => {
        if (error !== null || answer === undefined) reject(error);
        else resolve(decode(answer));
      };
      this.#client.makeUnaryRequest('/Request/request', bytes, (read: Buffer) => read, bytes(message), take);
    });
  }

  /** Opens the stream, and returns the one before it. Nothing is sent on it. */
  open(): ClientDuplexStream<Buffer, Buffer> | undefined {
    const before = this.#stream;
    const path = '/BiRequestStream/requestBiStream';
    const stream = this.#client.makeBidiStreamRequest<Buffer, Buffer>(path, bytes, (read: Buffer) => read);
    this.#stream = stream;
    stream.on('data', (message: Buffer) => this.#take(decode(message)));
    stream.on('error', ({ code, details }: ServiceError) => this.#end(`${code} ${details}`));
    stream.on('end', () => this.#end('ended'));
    return before;
  }

  /** Sends nothing more on the stream, and reads on. */
  endStream(): void {
    this.#stream?.end();
  }

  /** Stops to read the stream. */
  pause(): void {
    this.#stream?.pause();
  }

  /** Reads it again. */
  resume(): void {
    this.#stream?.resume();
  }

  /** Sends a message on the stream. */
  send(type: string, body: object): void {
    this.#stream?.write(bytes(encode(type, body, this.#options.token)));
  }

  /** Sends any bytes on the stream. */
  sendBytes(message: Uint8Array): void {
    this.#stream?.write(bytes(message));
  }

  /** Introduces itself, as clients do when they connect. */
  async connect(): Promise<Answered> {
    const checked = await this.ask('ServerCheckRequest');
    this.open();
    const { version = 'Nacos-Java-Client:v2.5.1', abilityTable = {}, namespace = 'public' } = this.#options;
    const labels = { source: 'sdk', module: 'naming', AppName: 'test' };
    this.send('ConnectionSetupRequest', { clientVersion: version, tenant: namespace, labels, abilityTable });
    if (abilityTable !== null) await this.next('SetupAckRequest');
    // The stream and calls of other requests are not ordered.
    while ((await this.ask('ServiceQueryRequest', this.named('none', {}), 'no token')).body.errorCode === 301) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return checked;
  }

  /** Returns the members that name a service. */
  named(serviceName: string, body: object): object {
    return { namespace: this.#options.namespace ?? 'public', groupName: 'DEFAULT_GROUP', serviceName, ...body };
  }

  /** Registers an instance, and checks that it succeeds. */
  async register(serviceName: string, instance: object): Promise<Answered> {
    return this.ask('InstanceRequest', this.named(serviceName, { type: 'registerInstance', instance }));
  }

  async deregister(serviceName: string, instance: object): Promise<Answered> {
    return this.ask('InstanceRequest', this.named(serviceName, { type: 'deregisterInstance', instance }));
  }

  async subscribe(serviceName: string, clusters = '', subscribe = true): Promise<Answered> {
    return this.ask('SubscribeServiceRequest', this.named(serviceName, { subscribe, clusters }));
  }

  async query(serviceName: string, cluster = '', healthyOnly = false): Promise<Answered> {
    return this.ask('ServiceQueryRequest', this.named(serviceName, { cluster, healthyOnly, udpPort: 0 }));
  }

  /** Returns the next push of a type, and drops those before it. */
  async next(type: string): Promise<Pushed> {
    for (;;) {
      const index = this.pushed.findIndex((push) => push.type === type);
      if (index >= 0) return this.pushed.splice(0, index + 1)[index] as Pushed; // `as`: the index was found
      if (this.ended !== undefined) throw new Error(`the stream ended with ${this.ended} before ${type}`);
      await this.#arrived.promise;
    }
  }

  /** Returns the `ip:port` of the hosts of the next push whose list fits. */
  async nextHosts(fits: (hosts: string[]) => boolean = () => true): Promise<string[]> {
    for (;;) {
      const hosts = hostsOf(await this.next('NotifySubscriberRequest'));
      if (fits(hosts)) return hosts;
    }
  }

  close(): void {
    this.#stream?.cancel();
    this.#client.close();
  }

  #take(push: Pushed): void {
    this.received += 1;
    this.pushed.push(push);
    const { requestId } = push.body;
    if (this.acknowledges && push.type !== 'SetupAckRequest') {
      this.send(push.type.replace(/Request$/, 'Response'), { resultCode: 200, errorCode: 0, requestId });
    }
    this.#wake();
  }

  #end(status: string): void {
    this.ended ??= status;
    this.#wake();
  }

  #wake(): void {
    const arrived = this.#arrived;
    this.#arrived = deferred();
    arrived.resolve();
  }
}

/** Returns the `ip:port` of the hosts of an answer or a push, in order. */
export const hostsOf = ({ body }: Pushed): string[] =>
  (body.serviceInfo.hosts as { ip: string; port: number }[]).map(({ ip, port }) => `${ip}:${port}`).sort(); // `as`: hosts have both

function encode(type: string, body: object, token: string | undefined): Uint8Array {
  const headers: Record<string, string> = token === undefined ? {} : { accessToken: token };
  return encodeRequest({ type, headers, body: Buffer.from(JSON.stringify(body)) });
}

function decode(message: Buffer): Pushed {
  const { type, body } = decodePayload(message);
  return { type, body: JSON.parse(Buffer.from(body).toString()) };
}
