import { DurableObject } from 'cloudflare:workers';
import { Namespace } from '../../core/namespace/lifecycle';
import type { Platform } from '../../core/platform/platform';
import type { NamespaceControl } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import type { ClaimsOf } from '../../model/instance';
import type { NamespaceSettings } from '../../model/namespace';
import type { NamespaceApi } from '../../model/namespace-api';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { durableSqlite } from './durable-sqlite';
import { type Asked, type Method, OPERATES, openAsked, openNames, type Result, sealOutcome } from './envelope';
import { directoryStubs } from './home-jurisdiction';
import { ObjectAlarm } from './object-alarm';
import { answerClose, ObjectSockets, REFUSED_STATUS } from './object-sockets';
import { operatorLog } from './operator-log';
import { processCounters } from './process-counters';
import { randomSource, sha256 } from './random-source';
import { remoteDirectory } from './remote-directory';

/**
 * A namespace as a Durable Object. It lends the core a disk, a clock, randomness, a timer and the alarm, and adds no
 * rule of its own.
 */
export class NamespaceObject extends DurableObject<Env> implements NamespaceControl {
  /** Made before the first event is delivered; see the constructor. */
  #namespace: Namespace | undefined;
  #alarm: ObjectAlarm | undefined;
  readonly #sockets: ObjectSockets;

  /** @param claimsOf What the core can't know of dialects: the entry file lends it. */
  constructor(ctx: DurableObjectState, env: Env, claimsOf: ClaimsOf) {
    super(ctx, env);
    this.#sockets = new ObjectSockets(ctx);
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarm = new ObjectAlarm(ctx.storage, await ctx.storage.getAlarm());
      const platform = platformOf(ctx, env, this.#alarm, this.#sockets, claimsOf);
      this.#namespace = new Namespace(platform, ctx.id.name === DEFAULT_NAMESPACE);
    });
  }

  /** A throw lets the platform try again, six times with back-off; then the alarm is gone until the next call arms one. */
  override async alarm(invocation?: AlarmInvocationInfo): Promise<void> {
    const dueAt = this.#alarm?.fired(invocation?.scheduledTime) ?? Date.now();
    const namespace = this.#awake();
    if (namespace.isThere) await namespace.registry.alarm(dueAt);
  }

  /**
   * One call of the interface, by name.
   *
   * @param asked What {@link sealAsked} made of the arguments.
   * @returns What {@link sealOutcome} makes of the answer or refusal.
   */
  call<M extends Method>(method: M, asked: string): Promise<string> {
    return sealOutcome<M>(() => {
      const registry: NamespaceApi = this.#awake().registry;
      // `as`: the compiler does not see that the arguments of a method go with that method.
      const answer = registry[method] as (...asked: Asked<M>) => Promise<Result<M>>;
      return answer.apply(registry, openAsked<M>(asked));
    });
  }

  /**
   * `renew` without the detour through arguments as JSON.
   *
   * @param names Token, group, service, instance, and {@link OPERATES} or nothing.
   */
  renew(names: string): Promise<string> {
    const [tokenId = '', group = '', service = '', id = '', operates] = openNames(names);
    const caller = { tokenId, operates: operates === OPERATES };
    return sealOutcome<'renew'>(() => this.#awake().registry.renew(caller, { group, service, id }));
  }

  /** `resolve` for the names of a group, a service and a token, where there is one, without parameters. */
  resolve(names: string): Promise<string> {
    const [group = '', service = '', tokenId = ''] = openNames(names);
    return sealOutcome<'resolve'>(() =>
      this.#awake().registry.resolve({ group, service, tokenId: tokenId || undefined }),
    );
  }

  /** Opens a socket for the Worker that asks, which has checked who it is for. Nobody else reaches an object. */
  override fetch(request: Request): Response {
    const purpose = this.#sockets.purposeOf(request);
    if (purpose === undefined) {
      return new Response('a namespace object answers socket upgrades of its own Worker alone', { status: 400 });
    }
    try {
      const { registry } = this.#awake();
      registry.assertRoomForSocket(purpose);
      const { connection, client } = this.#sockets.accept(purpose);
      registry.opened(connection);
      return new Response(null, { status: 101, webSocket: client });
    } catch (error) {
      if (error instanceof RegistryError) return Response.json(error.toData(), { status: REFUSED_STATUS });
      throw error;
    }
  }

  /** What the directory tells: see {@link NamespaceControl}. */
  configure(settings: NamespaceSettings): Promise<void> {
    return this.#awake().configure(settings);
  }

  size(): Promise<{ instances: number; services: number }> {
    return this.#awake().size();
  }

  erase(options: { onlyIfEmpty: boolean }): Promise<boolean> {
    return this.#awake().erase(options);
  }

  closeSocketsOf(tokenIds: readonly string[]): Promise<void> {
    return this.#awake().closeSocketsOf(tokenIds);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const connection = this.#sockets.connectionOf(socket);
    const namespace = this.#awake();
    if (!namespace.isThere) connection.close(CLOSE_CODES.namespaceGone, 'the namespace has been deleted');
    else if (typeof message === 'string') await namespace.registry.receive(connection, message);
    else connection.close(CLOSE_CODES.protocolError, 'frames are text');
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    const namespace = this.#awake();
    const connection = this.#sockets.connectionOf(socket);
    if (namespace.isThere) await namespace.registry.closed(connection, code === CLOSE_CODES.sessionEnded);
    answerClose(socket, code);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    const namespace = this.#awake();
    if (namespace.isThere) await namespace.registry.closed(this.#sockets.connectionOf(socket), false);
  }

  #awake(): Namespace {
    if (this.#namespace === undefined) throw new Error('an event was delivered before the namespace was awake');
    return this.#namespace;
  }
}

function platformOf(
  ctx: DurableObjectState,
  env: Env,
  alarm: ObjectAlarm,
  connections: ObjectSockets,
  claimsOf: ClaimsOf,
): Platform {
  const directory = remoteDirectory(directoryStubs(env));
  return {
    storage: durableSqlite(ctx.storage),
    clock: { now: () => Date.now() },
    random: randomSource,
    alarm,
    nextTurn: () => new Promise((resolve) => setTimeout(resolve, 0)),
    connections,
    digest: sha256,
    claimsOf,
    counters: processCounters(ctx.id.toString(), Date.now()),
    erase: async () => {
      await ctx.storage.deleteAlarm();
      await ctx.storage.deleteAll();
      alarm.disarmed();
    },
    endedTokens: (tokenIds) => directory.endedTokens(tokenIds),
    audit: {
      begin: (note) => directory.beginAudit({ ...note, ns: ctx.id.name }),
      end: (id, outcome) => ctx.waitUntil(directory.endAudit(id, outcome).catch(() => {})),
    },
    abort: (reason) => ctx.abort(reason),
    log: operatorLog(env),
  };
}
