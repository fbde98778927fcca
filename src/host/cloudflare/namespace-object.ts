import { DurableObject } from 'cloudflare:workers';
import { Namespace } from '../../core/namespace/lifecycle';
import type { Platform } from '../../core/platform/platform';
import type { NamespaceControl, NamespaceSize } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import type { ClaimsOf } from '../../model/instance';
import type { Layout } from '../../model/layout';
import type { NamespaceSettings } from '../../model/namespace';
import type { NamespaceApi } from '../../model/namespace-api';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { openRenewal, perform, sealOutcome } from './envelope';
import {
  awake,
  type ObjectAlarm,
  type ObjectPlatform,
  objectPlatform,
  processCounters,
  sha256,
} from './object-platform';
import { answerClose, ObjectSockets, REFUSED_STATUS } from './object-sockets';
import { directoryStubs } from './object-stubs';
import { askedToResolve } from './previous-wire';
import { remoteDirectory } from './remote-objects';

/**
 * A namespace as a Durable Object. It gives the core a disk, a clock, randomness, a timer and the alarm, and adds no
 * rules.
 */
export class NamespaceObject extends DurableObject<Env> implements NamespaceControl {
  /** Created before the first event is delivered; see the constructor. */
  #namespace: Namespace | undefined;
  #alarm: ObjectAlarm | undefined;
  readonly #sockets: ObjectSockets;

  /**
   * @param claimsOf Passed by the entry file, like `layouts`, because the core knows no dialect.
   * @param layouts Layouts of entries that doors bring.
   */
  constructor(ctx: DurableObjectState, env: Env, claimsOf: ClaimsOf, layouts: readonly Layout[] = []) {
    super(ctx, env);
    this.#sockets = new ObjectSockets(ctx);
    void ctx.blockConcurrencyWhile(async () => {
      const base = await objectPlatform(ctx, env);
      this.#alarm = base.alarm;
      const platform = platformOf(ctx, env, { base, connections: this.#sockets, claimsOf, layouts });
      this.#namespace = new Namespace(platform, ctx.id.name === DEFAULT_NAMESPACE);
    });
  }

  /** If this throws, the platform retries six times with back-off; then no alarm is armed until the next call. */
  override async alarm(invocation?: AlarmInvocationInfo): Promise<void> {
    const dueAt = this.#alarm?.fired(invocation?.scheduledTime) ?? Date.now();
    const namespace = this.#awake();
    if (namespace.exists) await namespace.registry.alarm(dueAt);
  }

  /**
   * Carries out one call of the interface, by method name: see envelope.ts. All versions share one format of outcomes.
   *
   * @param asked The arguments, as JSON.
   */
  call(method: keyof NamespaceApi, asked: string): Promise<string> {
    return sealOutcome(() => perform<NamespaceApi, keyof NamespaceApi>(this.#awake().registry, method, asked));
  }

  /** Renews one lease: see `sealRenewal`. */
  renew(asked: string): Promise<string> {
    return sealOutcome(() => this.#awake().registry.renew(...openRenewal(asked)));
  }

  /** For Workers of the previous version; remove together with previous-wire.ts. */
  resolve(names: string): Promise<string> {
    return this.call('resolve', askedToResolve(names));
  }

  /** Opens a socket for the Worker, which has authorized its caller. Only our own Worker can reach an object. */
  override fetch(request: Request): Response {
    const purpose = this.#sockets.purposeOf(request);
    if (purpose === undefined) {
      return new Response('a namespace object only accepts socket upgrades from its own Worker', { status: 400 });
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

  /** This method and the next three are for the directory: see {@link NamespaceControl}. */
  configure(settings: NamespaceSettings): Promise<void> {
    return this.#awake().configure(settings);
  }

  size(): Promise<NamespaceSize> {
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
    if (!namespace.exists) connection.close(CLOSE_CODES.namespaceGone, 'the namespace has been deleted');
    else if (typeof message === 'string') await namespace.registry.receive(connection, message);
    else connection.close(CLOSE_CODES.protocolError, 'frames are text');
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    const namespace = this.#awake();
    const connection = this.#sockets.connectionOf(socket);
    if (namespace.exists) await namespace.registry.closed(connection, code === CLOSE_CODES.sessionEnded);
    answerClose(socket, code);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    const namespace = this.#awake();
    if (namespace.exists) await namespace.registry.closed(this.#sockets.connectionOf(socket), false);
  }

  #awake(): Namespace {
    return awake(this.#namespace);
  }
}

/** Parts of a namespace's platform that its constructor creates. */
interface NamespaceParts {
  base: ObjectPlatform;
  connections: ObjectSockets;
  claimsOf: ClaimsOf;
  layouts: readonly Layout[];
}

function platformOf(
  ctx: DurableObjectState,
  env: Env,
  { base, connections, claimsOf, layouts }: NamespaceParts,
): Platform {
  const directory = remoteDirectory(directoryStubs(env));
  return {
    ...base,
    nextTurn: () => new Promise((resolve) => setTimeout(resolve, 0)),
    connections,
    digest: sha256,
    claimsOf,
    layouts,
    counters: processCounters(ctx.id.toString(), Date.now()),
    erase: async () => {
      await ctx.storage.deleteAlarm();
      await ctx.storage.deleteAll();
      base.alarm.disarmed();
    },
    endedTokens: (tokenIds) => directory.endedTokens(tokenIds),
    audit: {
      begin: (note) => directory.beginAudit({ ...note, ns: ctx.id.name }),
      end: (id, outcome) => ctx.waitUntil(directory.endAudit(id, outcome).catch(() => {})),
    },
  };
}
