import { DurableObject } from 'cloudflare:workers';
import { RegistryError } from '../model/errors';
import type { NamespaceApi } from '../model/namespace-api';
import type { Platform } from '../registry/platform';
import { Registry } from '../registry/registry';
import { durableSqlite } from './durable-sqlite';
import { ObjectAlarm } from './object-alarm';
import type { Outcome } from './outcome';
import { randomSource } from './random-source';

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

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarm = new ObjectAlarm(ctx.storage, await ctx.storage.getAlarm());
      this.#registry = Registry.wake(platformOf(ctx, env, this.#alarm));
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

  #awake(): Registry {
    if (this.#registry === undefined) throw new Error('an event was delivered before the namespace was awake');
    return this.#registry;
  }
}

function platformOf(ctx: DurableObjectState, env: Env, alarm: ObjectAlarm): Platform {
  return {
    storage: durableSqlite(ctx.storage),
    clock: { now: () => Date.now() },
    random: randomSource,
    alarm,
    // The one timer of the object: one-shot, at most five seconds, and only while renewals are not stored yet.
    checkpointTimer: { start: (delayMs, work) => void setTimeout(work, delayMs) },
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
