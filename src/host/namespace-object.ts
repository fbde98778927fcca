import { DurableObject } from 'cloudflare:workers';
import { RegistryError } from '../model/errors';
import { CLOSE_CODES } from '../model/frames';
import type { NamespaceApi } from '../model/namespace-api';
import type { Platform } from '../registry/platform';
import { Registry } from '../registry/registry';
import { durableSqlite } from './durable-sqlite';
import { ObjectAlarm } from './object-alarm';
import { ObjectSockets } from './object-sockets';
import type { Outcome } from './outcome';
import { randomSource, sha256 } from './random-source';

type Arguments<Method extends keyof NamespaceApi> = Parameters<NamespaceApi[Method]>;
type Result<Method extends keyof NamespaceApi> = Promise<Outcome<Awaited<ReturnType<NamespaceApi[Method]>>>>;

/**
 * A namespace as a Durable Object. It lends the core a disk, a clock, randomness, a timer and the alarm, and adds no
 * rule of its own: each method is the core's of the same name, with a refusal as data.
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

  register(...asked: Arguments<'register'>): Result<'register'> {
    return outcome(this.#awake().register(...asked));
  }

  patch(...asked: Arguments<'patch'>): Result<'patch'> {
    return outcome(this.#awake().patch(...asked));
  }

  deregister(...asked: Arguments<'deregister'>): Result<'deregister'> {
    return outcome(this.#awake().deregister(...asked));
  }

  renew(...asked: Arguments<'renew'>): Result<'renew'> {
    return outcome(this.#awake().renew(...asked));
  }

  renewMany(...asked: Arguments<'renewMany'>): Result<'renewMany'> {
    return outcome(this.#awake().renewMany(...asked));
  }

  drain(...asked: Arguments<'drain'>): Result<'drain'> {
    return outcome(this.#awake().drain(...asked));
  }

  readInstance(...asked: Arguments<'readInstance'>): Result<'readInstance'> {
    return outcome(this.#awake().readInstance(...asked));
  }

  listInstances(...asked: Arguments<'listInstances'>): Result<'listInstances'> {
    return outcome(this.#awake().listInstances(...asked));
  }

  resolve(...asked: Arguments<'resolve'>): Result<'resolve'> {
    return outcome(this.#awake().resolve(...asked));
  }

  putOverride(...asked: Arguments<'putOverride'>): Result<'putOverride'> {
    return outcome(this.#awake().putOverride(...asked));
  }

  readOverride(...asked: Arguments<'readOverride'>): Result<'readOverride'> {
    return outcome(this.#awake().readOverride(...asked));
  }

  clearOverride(...asked: Arguments<'clearOverride'>): Result<'clearOverride'> {
    return outcome(this.#awake().clearOverride(...asked));
  }

  putService(...asked: Arguments<'putService'>): Result<'putService'> {
    return outcome(this.#awake().putService(...asked));
  }

  patchService(...asked: Arguments<'patchService'>): Result<'patchService'> {
    return outcome(this.#awake().patchService(...asked));
  }

  readService(...asked: Arguments<'readService'>): Result<'readService'> {
    return outcome(this.#awake().readService(...asked));
  }

  removeService(...asked: Arguments<'removeService'>): Result<'removeService'> {
    return outcome(this.#awake().removeService(...asked));
  }

  listServices(...asked: Arguments<'listServices'>): Result<'listServices'> {
    return outcome(this.#awake().listServices(...asked));
  }

  batch(...asked: Arguments<'batch'>): Result<'batch'> {
    return outcome(this.#awake().batch(...asked));
  }

  stats(): Result<'stats'> {
    return outcome(this.#awake().stats());
  }

  listSubscribers(...asked: Arguments<'listSubscribers'>): Result<'listSubscribers'> {
    return outcome(this.#awake().listSubscribers(...asked));
  }

  acknowledge(...asked: Arguments<'acknowledge'>): Result<'acknowledge'> {
    return outcome(this.#awake().acknowledge(...asked));
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
    // The one timer of the object: one-shot, at most five seconds, and only while renewals are not stored yet.
    checkpointTimer: { start: (delayMs, work) => void setTimeout(work, delayMs) },
    connections,
    digest: sha256,
    processId: env.ROLLCALL_PROCESS_ID ?? env.VERSION?.id ?? 'unnamed',
    abort: (reason) => ctx.abort(reason),
    log: (level, message, facts) => console[level](JSON.stringify({ level, message, ...facts })),
  };
}

/** A refusal becomes data here, as an error would lose its class on the way; anything else stays a failure. */
async function outcome<T>(answer: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await answer };
  } catch (error) {
    if (error instanceof RegistryError) return { ok: false, error: error.toData() };
    throw error;
  }
}
