import { DurableObject } from 'cloudflare:workers';
import { CLOSE_CODES } from '../model/frames';
import type { NamespaceApi } from '../model/namespace-api';
import type { Platform } from '../registry/platform';
import { Registry } from '../registry/registry';
import { durableSqlite } from './durable-sqlite';
import { type Asked, type Method, OPERATES, openAsked, openNames, type Result, sealOutcome } from './envelope';
import { ObjectAlarm } from './object-alarm';
import { answerClose, ObjectSockets } from './object-sockets';
import { randomSource, sha256 } from './random-source';

/**
 * A namespace as a Durable Object. It lends the core a disk, a clock, randomness, a timer and the alarm, and adds no
 * rule of its own.
 */
export class NamespaceObject extends DurableObject<Env> {
  /** Made before the first event is delivered; see the constructor. */
  #registry: Registry | undefined;
  #alarm: ObjectAlarm | undefined;
  readonly #sockets: ObjectSockets;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sockets = new ObjectSockets(ctx);
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarm = new ObjectAlarm(ctx.storage, await ctx.storage.getAlarm());
      this.#registry = Registry.wake(platformOf(ctx, env, this.#alarm, this.#sockets));
    });
  }

  /** A throw lets the platform try again, with back-off. */
  override async alarm(): Promise<void> {
    this.#alarm?.fired();
    await this.#awake().alarm();
  }

  /**
   * One call of the interface, by name.
   *
   * @param asked What {@link sealAsked} made of the arguments.
   * @returns What {@link sealOutcome} makes of the answer or refusal.
   */
  call<M extends Method>(method: M, asked: string): Promise<string> {
    const registry: NamespaceApi = this.#awake();
    // `as`: the compiler does not see that the arguments of a method go with that method.
    const answer = registry[method] as (...asked: Asked<M>) => Promise<Result<M>>;
    return sealOutcome<M>(answer.apply(registry, openAsked<M>(asked)));
  }

  /**
   * `renew` without the detour through arguments as JSON.
   *
   * @param names Token, group, service, instance, and {@link OPERATES} or nothing.
   */
  renew(names: string): Promise<string> {
    const [tokenId = '', group = '', service = '', id = '', operates] = openNames(names);
    return sealOutcome<'renew'>(
      this.#awake().renew({ tokenId, operates: operates === OPERATES }, { group, service, id }),
    );
  }

  /** `resolve` for the names of a group, service and token, without parameters. */
  resolve(names: string): Promise<string> {
    const [group = '', service = '', tokenId] = openNames(names);
    return sealOutcome<'resolve'>(this.#awake().resolve({ group, service, tokenId }));
  }

  /** Opens a socket for the Worker that asks, which has checked who it is for. Nobody else reaches an object. */
  override fetch(request: Request): Response {
    return this.#sockets.open(request, this.#awake().connectionCount);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const connection = this.#sockets.connectionOf(socket);
    if (typeof message === 'string') await this.#awake().receive(connection, message);
    else connection.close(CLOSE_CODES.protocolError, 'frames are text');
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    await this.#awake().closed(this.#sockets.connectionOf(socket), code === CLOSE_CODES.sessionEnded);
    answerClose(socket, code);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#awake().closed(this.#sockets.connectionOf(socket), false);
  }

  #awake(): Registry {
    if (this.#registry === undefined) throw new Error('an event was delivered before the namespace was awake');
    return this.#registry;
  }
}

function platformOf(ctx: DurableObjectState, env: Env, alarm: ObjectAlarm, connections: ObjectSockets): Platform {
  return {
    storage: durableSqlite(ctx.storage),
    clock: { now: () => Date.now() },
    random: randomSource,
    alarm,
    // The one timer that lasts: one-shot, at most five seconds, and only while renewals are not stored yet.
    checkpointTimer: { start: (delayMs, work) => void setTimeout(work, delayMs) },
    nextTurn: () => new Promise((resolve) => setTimeout(resolve, 0)),
    connections,
    digest: sha256,
    processId: env.ROLLCALL_PROCESS_ID ?? env.VERSION?.id ?? 'unnamed',
    abort: (reason) => ctx.abort(reason),
    log: (level, message, facts) => console[level](JSON.stringify({ level, message, ...facts })),
  };
}
