import type { Registrar } from './session/register';
import { ServiceWatch } from './watch/service-watch';
import type { ChooseSource, Watch, WatchOptions, WatchScope } from './watch/watch';
import type { AsyncDisposal } from './wire/async-disposal';
import { ClientCore } from './wire/client-core';
import type { ClientOptions } from './wire/client-options';
import { setCore } from './wire/core-of';
import type { InstanceDefinition, RegisterOptions, Registration } from './wire/registration';
import { REAL_TIME } from './wire/time';

/** Client of a registry. Its registrations and watches share connections. */
export interface Client extends AsyncDisposal {
  /**
   * Registers an instance, and keeps it registered until it is released. Resolves once the registry has it; if the
   * registry is unreachable, waits for it until `options.signal` aborts.
   *
   * @throws {RollcallError} If the registry refuses the registration.
   */
  register(instance: InstanceDefinition, options?: RegisterOptions): Promise<Registration>;
  /**
   * Watches services: see {@link Watch}.
   *
   * @throws {RollcallError} `INVALID_REQUEST` if a socket is requested in a runtime without WebSocket.
   */
  watch(scope: WatchScope, options?: WatchOptions): Watch;
  /** Releases all registrations, leases and locks, and ends all watches. Never rejects. */
  close(): Promise<void>;
}

/** Loads the transports with the first watch. */
const chooseSource: ChooseSource = async (watch) => (await import('./watch/choose-source')).chooseSource(watch);

/**
 * Creates a client of a registry.
 *
 * @example
 * ```ts
 * const client = rollcall({ url: 'https://registry.example', token });
 * await using orders = await client.register({ service: 'orders', address: '10.0.0.7', port: 8080 });
 * ```
 * @throws {RollcallError} `INVALID_REQUEST` if the URL is invalid.
 */
export function rollcall(options: ClientOptions): Client {
  const core = new ClientCore(options, REAL_TIME, () => import('./wire/outages'));
  let registrar: Promise<Registrar> | undefined;
  const close = async (): Promise<void> => {
    core.closes += 1;
    const released = [...core.opened].map((each) => each.close());
    await (await registrar)?.release();
    await Promise.all(released);
  };
  const watch = (scope: WatchScope, watchOptions: WatchOptions = {}): Watch => {
    const opened = new ServiceWatch(core, scope, watchOptions, (over) => core.opened.delete(over), chooseSource);
    if (watchOptions.signal?.aborted !== true) core.opened.add(opened);
    return opened;
  };
  const client: Client = {
    register: async (instance, registerOptions = {}) => {
      registrar ??= import('./session/register').then((loaded) => new loaded.Registrar(core));
      return (await registrar).register(instance, registerOptions);
    },
    watch,
    close,
    [Symbol.asyncDispose]: close,
  };
  setCore(client, core);
  return client;
}
