import { encodeRequest } from '../../src/codecs/nacos/payload';
import { ROOT_TOKEN } from '../program';
import { referenceInstance } from '../reference-instance';
import { GrpcLink } from './grpc-link';

/** Methods of Nacos' protocol, and of the floor. */
const REQUEST = '/Request/request';
const STREAM = '/BiRequestStream/requestBiStream';
export const BROADCAST = '/Bench/broadcast';

/** Beginning of a push up to its number, which the client's answer repeats. */
const REQUEST_ID = Buffer.from('"requestId":"');
const SETUP_ACK = Buffer.from('SetupAckRequest');
const SUBSCRIBED = Buffer.from('NotifySubscriberRequest');
const SUCCESS = Buffer.from('"resultCode":200');
const QUOTE = 0x22;

/** Returns the beginning of a push, which has its type. */
const typeIn = (push: Buffer): Buffer => push.subarray(0, 64);

/** Returns a request with the token. */
function message(type: string, body: object): Uint8Array {
  const json = { headers: {}, requestId: '1', module: 'naming', ...body };
  return encodeRequest({ type, headers: { accessToken: ROOT_TOKEN }, body: Buffer.from(JSON.stringify(json)) });
}

const named = (serviceName: string) => ({ namespace: 'public', groupName: 'DEFAULT_GROUP', serviceName });

/** Returns the reference instance as Nacos' clients send it. @param weight A different one is a change. */
function instance(n: number, weight: number): object {
  const { address: ip, port, metadata } = referenceInstance(n);
  const clusterName = 'DEFAULT';
  return { ip, port, weight, healthy: true, enabled: true, ephemeral: true, clusterName, metadata };
}

/** Returns the request that registers instance `n`. */
export const registering = (service: string, n: number, weight = 1): Uint8Array =>
  message('InstanceRequest', { ...named(service), type: 'registerInstance', instance: instance(n, weight) });

/** Returns the request that registers instances from `first` up to `end`, exclusive, as all that the connection has there. */
export const registeringAll = (service: string, first: number, end: number): Uint8Array => {
  const instances = Array.from({ length: end - first }, (_, index) => instance(first + index, 1));
  return message('BatchInstanceRequest', { ...named(service), type: 'batchRegisterInstance', instances });
};

/** Returns the request that removes the connection's instance of a service. */
export const deregistering = (service: string, n: number): Uint8Array =>
  message('InstanceRequest', { ...named(service), type: 'deregisterInstance', instance: instance(n, 1) });

const HEALTH_CHECK = message('HealthCheckRequest', {});
const SETUP = message('ConnectionSetupRequest', {
  clientVersion: 'Nacos-Java-Client:v3.0.0',
  tenant: 'public',
  labels: { source: 'sdk', module: 'naming' },
  abilityTable: {},
});

/** A client of Nacos over gRPC. It acknowledges each push at once. */
export class NacosClient {
  readonly #link: GrpcLink;
  /** Number of messages that it has sent. */
  sent = 0;
  /** The last list that it was pushed. */
  pushed: Uint8Array = Buffer.alloc(0);
  /** Called after each push of a list. */
  onPush: () => void = () => {};

  private constructor(link: GrpcLink) {
    this.#link = link;
  }

  /** Connects and introduces itself; resolves when the server knows the client. */
  static async connect(port: number): Promise<NacosClient> {
    const link = await GrpcLink.open(port);
    const client = new NacosClient(link);
    const known = Promise.withResolvers<void>();
    link.onLost = known.reject;
    link.onMessage = ({ buffer, byteOffset, byteLength }) => {
      const bytes = Buffer.from(buffer, byteOffset, byteLength);
      if (typeIn(bytes).includes(SETUP_ACK)) known.resolve();
      else client.#take(bytes);
    };
    link.open(STREAM);
    link.send(SETUP);
    client.sent += 1;
    await known.promise;
    return client;
  }

  /** Sends a request that must succeed. */
  async ask(request: Uint8Array): Promise<Buffer> {
    this.sent += 1;
    const answer = await this.#link.call(REQUEST, request);
    if (!answer.includes(SUCCESS)) throw new Error(`the server refuses a request: ${answer.toString()}`);
    return answer;
  }

  subscribe(service: string): Promise<Buffer> {
    return this.ask(message('SubscribeServiceRequest', { ...named(service), subscribe: true, clusters: '' }));
  }

  /** Sends what clients send after five seconds without a message. */
  checkHealth(): Promise<Buffer> {
    return this.ask(HEALTH_CHECK);
  }

  /** Makes the floor push a message to all of its clients. */
  broadcast(push: Uint8Array): Promise<Buffer> {
    return this.#link.call(BROADCAST, push);
  }

  close(): void {
    this.#link.close();
  }

  #take(push: Buffer): void {
    const from = push.indexOf(REQUEST_ID) + REQUEST_ID.length;
    const requestId = push.toString('latin1', from, push.indexOf(QUOTE, from));
    const isList = typeIn(push).includes(SUBSCRIBED);
    const type = isList ? 'NotifySubscriberResponse' : 'ClientDetectionResponse';
    this.#link.send(message(type, { requestId, resultCode: 200, errorCode: 0, success: true }));
    this.sent += 1;
    if (!isList) return;
    this.pushed = push;
    this.onPush();
  }
}

/** Connects many clients, some at a time. */
export async function connectAll(port: number, count: number): Promise<NacosClient[]> {
  const clients: NacosClient[] = [];
  await inFlight(50, count, async () => {
    clients.push(await NacosClient.connect(port));
  });
  return clients;
}

/** Runs an action for each number below `count`, with at most `most` of them at a time. */
export async function inFlight(most: number, count: number, act: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await act(n);
  };
  await Promise.all(Array.from({ length: Math.min(most, count) }, work));
}
