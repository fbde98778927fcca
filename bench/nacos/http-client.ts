import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ROOT_TOKEN } from '../program';
import { referenceInstance } from '../reference-instance';

const HEAD_END = Buffer.from('\r\n\r\n');

/** One keep-alive connection of HTTP/1.1, with one request at a time. */
export class HttpClient {
  readonly #port: number;
  #socket: Socket;
  #isOver = false;
  #isClosed = false;
  #request: Buffer = Buffer.alloc(0);
  #rest: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<string> | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.#socket = this.#open();
  }

  static async connect(port: number): Promise<HttpClient> {
    const client = new HttpClient(port);
    await once(client.#socket, 'connect');
    return client;
  }

  /** Sends a request that must succeed. Returns the body of its answer. */
  ask(request: Buffer): Promise<string> {
    this.#waiting = Promise.withResolvers<string>();
    this.#request = request;
    if (this.#isOver) this.#socket = this.#open();
    this.#socket.write(request);
    return this.#waiting.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
    this.#waiting?.reject(new Error('the connection was closed'));
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    this.#isOver = false;
    this.#rest = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', () => {});
    socket.on('end', () => this.#lost(socket));
    socket.on('close', () => this.#lost(socket));
    return socket;
  }

  #lost(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#isOver = true;
    if (this.#waiting === undefined || this.#isClosed) return;
    // A server may close a connection that it believes to be idle. All requests here may be repeated.
    this.#socket = this.#open();
    this.#socket.write(this.#request);
  }

  #take(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = all;
    const at = all.indexOf(HEAD_END);
    if (at < 0) return;
    const head = all.toString('latin1', 0, at);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (Number.isNaN(length)) {
      this.#waiting?.reject(new Error(`an answer has no length: ${head}`));
      return;
    }
    const end = at + HEAD_END.length + length;
    if (all.length < end) return;
    this.#rest = all.subarray(end);
    const body = all.toString('utf8', at + HEAD_END.length, end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (head.startsWith('HTTP/1.1 200')) waiting?.resolve(body);
    else waiting?.reject(new Error(`the server refuses a request: ${head} ${body}`));
  }
}

const INSTANCE = '/nacos/v1/ns/instance';

function request(method: string, path: string): Buffer {
  const head = `${method} ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ROOT_TOKEN}\r\n`;
  return Buffer.from(`${head}${method === 'GET' ? '' : 'Content-Length: 0\r\n'}\r\n`);
}

const grouped = (service: string): string => encodeURIComponent(`DEFAULT_GROUP@@${service}`);

function placeOf(service: string, n: number): string {
  const { address, port } = referenceInstance(n);
  const place = `serviceName=${grouped(service)}&ip=${address}&port=${port}`;
  return `namespaceId=public&groupName=DEFAULT_GROUP&clusterName=DEFAULT&ephemeral=true&${place}`;
}

/** Returns the request that registers instance `n`. */
export function posting(service: string, n: number): Buffer {
  const metadata = encodeURIComponent(JSON.stringify(referenceInstance(n).metadata));
  const rest = `weight=1&enable=true&healthy=true&metadata=${metadata}`;
  return request('POST', `${INSTANCE}?${placeOf(service, n)}&${rest}`);
}

/** Returns the request that removes instance `n`. */
export const deleting = (service: string, n: number): Buffer => request('DELETE', `${INSTANCE}?${placeOf(service, n)}`);

/** Returns the request of a poll. */
export const listing = (service: string): Buffer =>
  request(
    'GET',
    `${INSTANCE}/list?namespaceId=public&serviceName=${grouped(service)}&clusters=&udpPort=45678&clientIP=10.0.0.9&healthyOnly=false`,
  );
