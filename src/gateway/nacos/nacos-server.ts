import { decodePayload, encodeParts, encodePayload, type Payload } from '../../codecs/nacos/payload';
import { AnyRequest, ConnectionSetupRequest, parseRequest } from '../../codecs/nacos/requests';
import { type Deferred, deferred } from '../../model/deferred';
import { NACOS_MESSAGE_MAX_BYTES, NACOS_REQUESTS_PER_CONNECTION_MAX_COUNT } from '../../model/limits';
import { GrpcCode, GrpcError } from '../grpc/grpc-error';
import type { GrpcCall, GrpcInput, GrpcMethods, GrpcOutput, GrpcPeer } from '../grpc/grpc-method';
import { within } from '../grpc/within';
import { InstanceHolders } from './instance-holders';
import type { NacosClients } from './nacos-clients';
import { type ConnectionServer, NacosConnection } from './nacos-connection';
import { errorBody, isRefused, NacosCode, refusalOf, successBody } from './nacos-refusals';
import { NAMING_REQUESTS } from './naming-requests';
import { Replicas } from './replica';
import { ServiceListing } from './service-listing';
import { ServiceNames } from './service-names';

/** Abilities of this server, by their names in Nacos. */
const ABILITIES = { supportPersistentInstanceByGrpc: true, fuzzyWatch: true };

/** Interval at which connections are checked. */
const CHECK_INTERVAL_MS = 1_000;

/** Time in which a client that has connected introduces itself, as long as its first sign of life waits for that. */
const SETUP_MAX_MS = 300;

/** A connection of gRPC. */
interface Identity {
  readonly id: string;
  /** Undefined until its client has introduced itself. */
  connection: NacosConnection | undefined;
  readonly isSetUp: Deferred<void>;
  /** True once its introduction was waited for. */
  isLate: boolean;
}

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
    holders: new InstanceHolders(),
  };
  readonly #options: NacosServerOptions;
  readonly #connections = new Set<NacosConnection>();
  /** Connections by the connection of gRPC; undefined for one that has ended. */
  readonly #byPeer = new WeakMap<GrpcPeer, Identity>();
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #isClosing = false;
  /** Called when the last connection has ended. */
  #emptied: (() => void) | undefined;

  constructor(options: NacosServerOptions) {
    this.#options = options;
    this.methods = new Map([
      [
        '/Request/request',
        { kind: 'unary', answer: (bytes, call) => this.#answer(bytes, call), receiveMaxBytes: NACOS_MESSAGE_MAX_BYTES },
      ],
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

  fault(error: unknown): void {
    this.#options.onFault(error, 'push');
  }

  /** Looks after silent clients and late answers. A timer calls this once in a while. */
  check(): void {
    this.#ticks += 1;
    for (const connection of this.#connections) connection.check();
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
      const emptied = new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
      await within(emptied, graceMs);
    }
    for (const connection of [...this.#connections]) connection.close();
    clearInterval(this.#timer);
  }

  async #answer(bytes: Uint8Array, call: GrpcCall): Promise<Uint8Array> {
    const { type, body, headers } = decoded(bytes);
    if (type === 'ServerCheckRequest') {
      const { requestId } = readable(AnyRequest, body);
      const { id: connectionId } = this.#identityOf(call.peer);
      const answer = { ...successBody(requestId), connectionId, supportAbilityNegotiation: true };
      return encodePayload('ServerCheckResponse', answer);
    }
    if (type === 'HealthCheckRequest') return this.#checkHealth(body, call.peer);
    const connection = this.#byPeer.get(call.peer)?.connection;
    const naming = NAMING_REQUESTS.get(type);
    if (naming === undefined) return refusal(body, NacosCode.noHandler, 'RequestHandler Not Found');
    if (connection === undefined || connection.isOver) return unregistered(body);
    connection.heard();
    if (connection.requests >= NACOS_REQUESTS_PER_CONNECTION_MAX_COUNT) {
      const message = 'too many requests of this connection are unanswered';
      return refusal(body, NacosCode.overThreshold, message, naming.answerType);
    }
    connection.requests += 1;
    try {
      const { clients } = this.#options;
      const answer = await naming.answer({ body, token: headers.accessToken, connection, peer: call.peer, clients });
      return encodeParts(naming.answerType, answer);
    } catch (error) {
      if (!isRefused(error)) this.#options.onFault(error, type);
      const { code, message } = refusalOf(error);
      // As in Nacos: upon an `ErrorResponse`, clients repeat the request at once and then doubt their connection. Of the type that
      // they expect, a refusal is final, and 403 makes them log in again.
      return refusal(body, code, message, code === NacosCode.serverError ? undefined : naming.answerType);
    } finally {
      connection.requests -= 1;
    }
  }

  /**
   * Answers a sign of life. The Rust client sends its first one beside its introduction; and after a break its calls go on over a
   * connection that it has not introduced itself on, until an answer says so.
   */
  async #checkHealth(body: Uint8Array, peer: GrpcPeer): Promise<Uint8Array> {
    const { requestId } = readable(AnyRequest, body);
    const identity = this.#identityOf(peer);
    if (identity.connection === undefined && !identity.isLate) {
      await within(identity.isSetUp.promise, SETUP_MAX_MS);
      identity.isLate = true;
    }
    const { connection } = identity;
    if (connection === undefined || connection.isOver) return unregistered(body);
    connection.heard();
    return encodePayload('HealthCheckResponse', successBody(requestId));
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
    identity.isSetUp.resolve();
    this.#connections.add(connection);
    // Clients without such a table negotiate nothing, and don't expect this.
    if (setup.abilityTable) connection.pushes.notify('SetupAckRequest', { abilityTable: ABILITIES });
    return connection;
  }

  #identityOf(peer: GrpcPeer): Identity {
    const known = this.#byPeer.get(peer);
    if (known !== undefined) return known;
    const id = `${Date.now()}_${peer.address}_${peer.port}`;
    const made: Identity = { id, connection: undefined, isSetUp: deferred(), isLate: false };
    this.#byPeer.set(peer, made);
    return made;
  }
}

const unregistered = (body: Uint8Array): Uint8Array =>
  refusal(body, NacosCode.unregistered, 'Connection is unregistered.');

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

/** Returns the answer for a request that is refused. @param type Type of the answer. */
function refusal(body: Uint8Array, code: number, message: string, type = 'ErrorResponse'): Uint8Array {
  let requestId = '';
  try {
    ({ requestId } = parseRequest(AnyRequest, body));
  } catch {
    // Whatever it is, the message says what is wrong with it.
  }
  return encodePayload(type, errorBody(requestId, code, message));
}
