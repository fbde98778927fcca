import { RegistryError } from '../../model/errors';
import {
  NACOS_LOGINS_PER_CONNECTION_MAX_COUNT,
  NACOS_REPLY_MAX_MS,
  NACOS_SILENCE_MAX_MS,
  NAME_MAX_BYTES,
} from '../../model/limits';
import type { GrpcOutput, GrpcPeer } from '../grpc/grpc-method';
import { Attachment, type SharedState } from './attachment';
import type { NacosClient } from './nacos-clients';
import { Pushes } from './pushes';

/** The server of a connection, as the connection sees it. */
export interface ConnectionServer {
  readonly shared: SharedState;
  /** Returns milliseconds of a clock that stands still while the process does. */
  now(): number;
  /** The connection has ended. */
  forget(connection: NacosConnection): void;
  /** Something unexpected was thrown. */
  fault(error: unknown): void;
}

/**
 * A connection of a Nacos client: its stream, on which it is sent requests, and what it has registered and subscribed to. Its
 * calls outside the stream belong to it by the connection that they come over.
 */
export class NacosConnection {
  readonly pushes: Pushes;
  readonly #output: GrpcOutput;
  readonly #server: ConnectionServer;
  readonly #subscriber: string;
  /** By token and namespace. */
  readonly #attachments = new Map<string, Attachment>();
  #heardAt: number;
  #isAsked = false;
  /** True once the client was asked to go elsewhere: it takes its instances with it. */
  #isReset = false;
  #isOver = false;
  /** Requests of the client that are under way. */
  requests = 0;

  /** @param version Of the client, as it names it. */
  constructor(peer: GrpcPeer, version: string, output: GrpcOutput, server: ConnectionServer) {
    this.#output = output;
    this.#server = server;
    this.#heardAt = server.now();
    const name = `nacos ${peer.address}:${peer.port} ${version.replace(/[^\x20-\x7e]/g, '')}`.trim();
    this.#subscriber = name.slice(0, NAME_MAX_BYTES);
    this.pushes = new Pushes({
      send: (message) => this.#isOver || output.send(message),
      now: () => server.now(),
    });
    output.onDrain = () => this.pushes.drained();
  }

  /** Notes a sign of life of the client. */
  heard(): void {
    this.#heardAt = this.#server.now();
    this.#isAsked = false;
  }

  /**
   * Returns the part of the connection for a token in a namespace.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED`; `UNAVAILABLE` if the client left while its token was verified.
   */
  attachment(client: NacosClient, token: string): Attachment {
    if (this.#isOver) throw new RegistryError('UNAVAILABLE', 'the connection has ended');
    const name = `${client.namespace} ${token}`;
    const found = this.#attachments.get(name);
    if (found !== undefined) return found;
    if (this.#attachments.size >= NACOS_LOGINS_PER_CONNECTION_MAX_COUNT) this.#makeRoom();
    const attachment = new Attachment(client, this.#subscriber, this.#server.shared, {
      push: (push) => this.pushes.push(push),
      lost: () => this.close(),
      failed: (error) => this.#failed(error),
    });
    this.#attachments.set(name, attachment);
    return attachment;
  }

  /** Closes a part in which the client has nothing, such as that of a token that it has replaced. */
  #makeRoom(): void {
    const idle = [...this.#attachments].find(([, { isIdle }]) => isIdle);
    if (idle === undefined) {
      const most = NACOS_LOGINS_PER_CONNECTION_MAX_COUNT;
      throw new RegistryError('LIMIT_EXCEEDED', `a connection may use ${most} tokens and namespaces; open another one`);
    }
    const [name, attachment] = idle;
    this.#attachments.delete(name);
    attachment.close(true);
  }

  /** Asks a silent client for a sign of life, ends the connection of one that gives none, and repeats pushes. */
  check(): void {
    try {
      this.pushes.check();
    } catch (error) {
      this.#failed(error);
    }
    const silentMs = this.#server.now() - this.#heardAt;
    if (this.#isAsked) {
      if (silentMs >= NACOS_SILENCE_MAX_MS + NACOS_REPLY_MAX_MS) this.close();
    } else if (silentMs >= NACOS_SILENCE_MAX_MS) {
      this.#isAsked = true;
      this.pushes.notify('ClientDetectionRequest', {});
    }
  }

  /** Asks the client to go to another server. Its instances stay, for as long as their lease lasts. */
  reset(): void {
    this.#isReset = true;
    this.pushes.notify('ConnectResetRequest', {});
  }

  /** Ends the stream, upon which clients connect again. */
  close(): void {
    this.ended();
    this.#output.end();
  }

  /** The client has left, or its connection broke. */
  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const attachment of this.#attachments.values()) attachment.close(!this.#isReset);
    this.#attachments.clear();
    this.#server.forget(this);
  }

  #failed(error: unknown): void {
    this.#server.fault(error);
    this.close();
  }

  get isOver(): boolean {
    return this.#isOver;
  }
}
