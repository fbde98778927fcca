import { DurableObject } from 'cloudflare:workers';
import { Directory } from '../../core/directory/directory';
import type { DirectoryPlatform } from '../../core/directory/directory-state';
import type { DirectoryApi } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { perform, sealValue } from './envelope';
import { awake, type ObjectAlarm, type ObjectPlatform, objectPlatform } from './object-platform';
import { homeJurisdiction, isOneMachine, jurisdictionProblem, namespaceStubs } from './object-stubs';
import { sealPreviousValue, speaksPreviousWire } from './previous-wire';
import { remoteControl } from './remote-objects';

/**
 * The directory as a Durable Object. It gives the core a disk, a clock, randomness, the alarm and access to namespaces, and
 * adds no rules.
 */
export class DirectoryObject extends DurableObject<Env> {
  /** Created before the first event is delivered; see the constructor. */
  #directory: Directory | undefined;
  /** Error for every call if this version can't read the storage. */
  #unreadable: RegistryError | undefined;
  #alarm: ObjectAlarm | undefined;

  /** @param layoutKinds Kinds of the layouts that the entry file passes to the namespaces. */
  constructor(ctx: DurableObjectState, env: Env, layoutKinds: readonly string[] = []) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      const base = await objectPlatform(ctx, env);
      this.#alarm = base.alarm;
      const platform = { ...platformOf(base, env), layoutKinds };
      try {
        this.#directory = Directory.wake(platform);
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        this.#unreadable = error;
        platform.log('error', "the directory's storage can't be read", { reason: error.message });
      }
    });
  }

  /** If this throws, the platform retries with back-off. */
  override async alarm(): Promise<void> {
    this.#alarm?.fired(undefined);
    if (this.#unreadable === undefined) await awake(this.#directory).alarm();
  }

  /**
   * Carries out one call of the interface, by method name: see envelope.ts.
   *
   * @param asked The arguments, as JSON.
   * @param version `WIRE_VERSION` of the calling Worker; a Worker of the previous version sends none.
   */
  call(method: keyof DirectoryApi, asked: string, version?: number): Promise<string> {
    const answering = async (): Promise<unknown> => {
      if (this.#unreadable !== undefined) throw this.#unreadable;
      return perform<DirectoryApi, keyof DirectoryApi>(awake(this.#directory), method, asked);
    };
    return speaksPreviousWire(version) ? sealPreviousValue(answering) : sealValue(answering);
  }
}

function platformOf(base: ObjectPlatform, env: Env): DirectoryPlatform {
  return {
    ...base,
    rootToken: env.ROLLCALL_ROOT_TOKEN,
    placements: {
      own: jurisdictionProblem(env) === undefined ? homeJurisdiction(env) : undefined,
      matter: !isOneMachine(env),
    },
    controlOf: (id, placement) => remoteControl(namespaceStubs(env, id, placement)),
  };
}
