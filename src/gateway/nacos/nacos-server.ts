import { decodePayload, encodePayload, type Payload } from '../../codecs/nacos/payload';
import { AnyRequest, ConnectionSetupRequest, parseRequest } from '../../codecs/nacos/requests';
import { NACOS_REQUESTS_PER_CONNECTION_MAX_COUNT } from '../../model/limits';
import { GrpcCode, GrpcError } from '../grpc/grpc-error';
import type { GrpcCall, GrpcInput, GrpcMethods, GrpcOutput, GrpcPeer } from '../grpc/grpc-method';
import type { NacosClients } from './nacos-clients';
import { type ConnectionServer, NacosConnection } from './nacos-connection';
import { errorBody, isRefused, NacosCode, refusalOf } from './nacos-refusals';
import { NAMING_REQUESTS } from './naming-requests';
import { Replicas } from './replica';
import { ServiceListing } from './service-listing';
import { ServiceNames } from './service-names';

/** Abilities of this server, by their names in Nacos. */
const ABILITIES = { supportPersistentInstanceByGrpc: true, fuzzyWatch: true };

/** Interval at which connections are checked. */
const CHECK_INTERVAL_MS = 1_000;

/** Options of {@link NacosServer}. */
export interface NacosServerOptions {
  clients: NacosClients;
  /** Called with an error that is not one of the registry's. */
  onFault(error: unknown, type: string): void;
}

/**
 * Nacos' protocol over gRPC: two methods, whose messages name their own types.
 *
 * Source: the protocol note on Nacos, sections 5.2 to 5.4.
 */
export class NacosServer implements ConnectionServer {
  readonly methods: GrpcMethods;
  readonly shared = {
    services: new Replicas(() => new ServiceListing()),
    names: new Replicas(() => new ServiceNames()),
    owners: new Map(),
  };
  readonly #options: NacosServerOptions;
  readonly #connections = new Set<NacosConnection>();
  /** Connections by the connection of gRPC; undefined for one that has ended. */
  readonly #byPeer = new WeakMap<GrpcPeer, { id: string; connection: NacosConnection | undefined }>();
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #isClosing = false;
  /** Called when the last connection has ended. */
  #emptied: (() => void) | undefined;

  constructor(options: NacosServerOptions) {
    this.#options = options;
    this.methods = new Map([
      ['/Request/request', { kind: 'unary', answer: (bytes, call) => this.#answer(bytes, call) }],
      ['/BiRequestStream/requestBiStream', { kind: 'stream', open: (call, output) => this.#open(call, output) }],
    ]);
    this.#timer = setInterval(() => this.check(), CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Number of connections whose clients have introduced themselves. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Time by the checks that were made: while the process is frozen it hears nothing, and no time passes. */
  now(): number {
    return this.#ticks * CHECK_INTERVAL_MS;
  }

  forget(connection: NacosConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  /** Looks after silent clients and late answers. A timer calls this once in a while. */
  check(): void {
    this.#ticks += 1;
    for (const connection of this.#connections) connection.check(this.now());
  }

  /**
   * Asks all clients to go to another server, and ends the connections that remain. No instance is removed by that.
   *
   * @param graceMs Time for clients to leave.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    for (const connection of this.#connections) connection.reset();
    if (this.#connections.size > 0 && graceMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      const emptied = new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
      await Promise.race([emptied, late]);
      clearTimeout(timer);
    }
    for (const connection of [...this.#connections]) connection.close();
    clearInterval(this.#timer);
  }

  async #answer(bytes: Uint8Array, call: GrpcCall): Promise<Uint8Array> {
    const { type, body, headers } = decoded(bytes);
    if (type === 'ServerCheckRequest') {
      const { requestId } = readable(AnyRequest, body);
      const { id: connectionId } = this.#identityOf(call.peer);
      const answer = { ...success(requestId), connectionId, supportAbilityNegotiation: true };
      return encodePayload('ServerCheckResponse', answer);
    }
    const identity = this.#byPeer.get(call.peer);
    const connection = identity?.connection;
    if (type === 'HealthCheckRequest' && (identity === undefined || connection !== undefined)) {
      connection?.heard();
      // The Rust client sends the first one beside its introduction.
      return encodePayload('HealthCheckResponse', success(readable(AnyRequest, body).requestId));
    }
    const naming = NAMING_REQUESTS.get(type);
    if (naming === undefined && type !== 'HealthCheckRequest') {
      return refusal(body, NacosCode.noHandler, 'RequestHandler Not Found');
    }
    if (naming === undefined || connection === undefined || connection.isOver) {
      return refusal(body, NacosCode.unregistered, 'Connection is unregistered.');
    }
    connection.heard();
    if (connection.requests >= NACOS_REQUESTS_PER_CONNECTION_MAX_COUNT) {
      return refusal(body, NacosCode.overThreshold, 'too many requests of this connection are unanswered');
    }
    connection.requests += 1;
    try {
      return await naming({
        body,
        token: headers.accessToken,
        connection,
        peer: call.peer,
        clients: this.#options.clients,
      });
    } catch (error) {
      if (!isRefused(error)) this.#options.onFault(error, type);
      const { code, message } = refusalOf(error);
      return refusal(body, code, message);
    } finally {
      connection.requests -= 1;
    }
  }

  #open(call: GrpcCall, output: GrpcOutput): GrpcInput {
    let connection: NacosConnection | undefined;
    call.signal.addEventListener('abort', () => connection?.ended());
    return {
      message: (bytes) => {
        const payload = decoded(bytes);
        if (payload.type === 'ConnectionSetupRequest') {
          connection ??= this.#setUp(payload, call, output);
          return;
        }
        if (connection === undefined) return;
        connection.heard();
        // Everything else that a client sends here answers a request of the server.
        connection.pushes.answered(readable(AnyRequest, payload.body).requestId);
      },
      ended: () => connection?.close(),
    };
  }

  #setUp({ body }: Payload, call: GrpcCall, output: GrpcOutput): NacosConnection | undefined {
    const setup = readable(ConnectionSetupRequest, body);
    const identity = this.#identityOf(call.peer);
    if (this.#isClosing || call.signal.aborted || identity.connection?.isOver === false) {
      output.end(new GrpcError(GrpcCode.UNAVAILABLE, 'the server does not take this connection; connect again'));
      return undefined;
    }
    const connection = new NacosConnection(call.peer, setup.clientVersion, output, this);
    identity.connection = connection;
    this.#connections.add(connection);
    // Clients without such a table negotiate nothing, and don't expect this.
    if (setup.abilityTable) connection.pushes.notify('SetupAckRequest', { abilityTable: ABILITIES });
    return connection;
  }

  #identityOf(peer: GrpcPeer): { id: string; connection: NacosConnection | undefined } {
    const known = this.#byPeer.get(peer);
    if (known !== undefined) return known;
    const made = { id: `${Date.now()}_${peer.address}_${peer.port}`, connection: undefined };
    this.#byPeer.set(peer, made);
    return made;
  }
}

const success = (requestId: string) => ({ resultCode: NacosCode.success, errorCode: 0, success: true, requestId });

/** Decodes a message. @throws {GrpcError} */
function decoded(bytes: Uint8Array): Payload {
  try {
    return decodePayload(bytes);
  } catch {
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, 'the message is not a Payload of Nacos');
  }
}

/** Parses a body of the protocol itself. @throws {GrpcError} */
function readable<Schema extends Parameters<typeof parseRequest>[0]>(schema: Schema, body: Uint8Array) {
  try {
    return parseRequest(schema, body);
  } catch (error) {
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, refusalOf(error).message);
  }
}

/** Returns the answer for a request that is refused. */
function refusal(body: Uint8Array, code: number, message: string): Uint8Array {
  let requestId = '';
  try {
    ({ requestId } = parseRequest(AnyRequest, body));
  } catch {
    // Whatever it is, the message says what is wrong with it.
  }
  return encodePayload('ErrorResponse', errorBody(requestId, code, message));
}
