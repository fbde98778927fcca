import { DurableObject } from 'cloudflare:workers';
import { Directory } from '../../core/directory/directory';
import type { DirectoryPlatform } from '../../core/directory/directory-state';
import type { DirectoryApi } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import {
  type DirectoryAsked,
  type DirectoryMethod,
  type DirectoryResult,
  openDirectoryAsked,
  sealDirectoryOutcome,
} from './directory-envelope';
import { durableSqlite } from './durable-sqlite';
import { homeJurisdiction, isOneMachine, jurisdictionProblem } from './home-jurisdiction';
import { namespaceStubs } from './namespace-stub';
import { ObjectAlarm } from './object-alarm';
import { operatorLog } from './operator-log';
import { randomSource } from './random-source';
import { remoteControl } from './remote-control';

/**
 * The directory as a Durable Object. It lends the core a disk, a clock, randomness, the alarm and the way to namespaces,
 * and adds no rule of its own.
 */
export class DirectoryObject extends DurableObject<Env> {
  /** Made before the first event is delivered; see the constructor. */
  #directory: Directory | undefined;
  /** Why its storage can't be read by this version: every call is refused with that. */
  #unreadable: RegistryError | undefined;
  #alarm: ObjectAlarm | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarm = new ObjectAlarm(ctx.storage, await ctx.storage.getAlarm());
      const platform = platformOf(ctx, env, this.#alarm);
      try {
        this.#directory = Directory.wake(platform);
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        this.#unreadable = error;
        platform.log('error', 'the directory’s storage can’t be read', { reason: error.message });
      }
    });
  }

  /** A throw lets the platform try again, with back-off. */
  override async alarm(): Promise<void> {
    this.#alarm?.fired(undefined);
    if (this.#unreadable === undefined) await this.#awake().alarm();
  }

  /**
   * One call of the interface, by name.
   *
   * @param asked What {@link sealDirectoryAsked} made of the arguments.
   * @returns What {@link sealDirectoryOutcome} makes of the answer or refusal.
   */
  call<M extends DirectoryMethod>(method: M, asked: string): Promise<string> {
    if (this.#unreadable !== undefined) return sealDirectoryOutcome<M>(Promise.reject(this.#unreadable));
    const directory: DirectoryApi = this.#awake();
    // `as`: the compiler does not see that the arguments of a method go with that method.
    const answer = directory[method] as (...asked: DirectoryAsked<M>) => Promise<DirectoryResult<M>>;
    return sealDirectoryOutcome<M>(answer.apply(directory, openDirectoryAsked<M>(asked)));
  }

  #awake(): Directory {
    if (this.#directory === undefined) throw new Error('an event was delivered before the directory was awake');
    return this.#directory;
  }
}

function platformOf(ctx: DurableObjectState, env: Env, alarm: ObjectAlarm): DirectoryPlatform {
  return {
    storage: durableSqlite(ctx.storage),
    clock: { now: () => Date.now() },
    random: randomSource,
    alarm,
    placements: {
      own: jurisdictionProblem(env) === undefined ? homeJurisdiction(env) : undefined,
      matter: !isOneMachine(env),
    },
    controlOf: (id, placement) => remoteControl(namespaceStubs(env, id, placement)),
    abort: (reason) => ctx.abort(reason),
    log: operatorLog(env),
  };
}
