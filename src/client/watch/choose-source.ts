import type { ClientCore } from '../wire/client-core';
import type { RegistryHttp } from '../wire/registry-http';
import type { RollcallError } from '../wire/rollcall-error';
import { inBackground } from '../wire/time';
import { trySocket } from '../wire/try-socket';
import type { PolledState } from './poll-source';
import { SocketSource } from './socket-source';
import type { Sourceless, WireScope } from './watch';

/** Starts the requested transport, or the best one available. Loaded on demand, with the first watch. */
export async function chooseSource({ core, scope, options, sink, signal, begin }: Sourceless): Promise<void> {
  const isBackground = options.keepsAlive === false;
  const transport = options.transport ?? (isBackground && !hasBackgroundSockets(core) ? 'stream' : undefined);
  const link = core.link();
  const { observer, counts, previous } = options;
  const request = {
    scope,
    observer: observer || undefined,
    counts: counts || undefined,
    previous: previous || undefined,
  };
  const use = () => begin(new SocketSource(link, request, sink, isBackground));
  if (transport === 'socket') return use();
  const failed = (error: RollcallError) => sink.down(error);
  if (transport === undefined && (await trySocket(core, link, { signal, use, failed, isBackground }))) return;
  const http = isBackground ? await backgroundHttp(core) : core.http;
  const time = isBackground ? inBackground(core.time) : core.time;
  const subscriber = core.nextSubscriber();
  if ((transport ?? (readsStreams() ? 'stream' : 'poll')) === 'poll') {
    const [{ PollSource }, state] = await Promise.all([import('./poll-source'), polledState(http, scope)]);
    // A poll without a name has no subscriber. Drains don't wait for readers of entries.
    const isNamed = !observer && scope.keys === undefined;
    begin(new PollSource(http, time, isNamed ? subscriber : undefined, state, sink));
  } else {
    const { StreamSource } = await import('./stream-source');
    begin(new StreamSource(http, time, subscriber, request, sink));
  }
}

async function polledState(http: RegistryHttp, scope: WireScope): Promise<PolledState> {
  if (scope.keys === undefined) return new (await import('./service-polls')).ServicePolls(http, scope);
  return new (await import('./key-polls')).KeyPolls(http, scope.keys);
}

/** Reports whether the process can end while a socket is open: those of Deno and Bun always keep it alive. */
const hasBackgroundSockets = ({ options }: ClientCore): boolean =>
  options.WebSocket !== undefined || !['Deno', 'Bun'].some((name) => name in globalThis);

/** Reports whether modules of Node are available, as in Deno and Bun. Workers have them, too, but no use for them here. */
const hasNodeModules = (): boolean =>
  // `as`: only these runtimes have it
  (globalThis as { process?: { getBuiltinModule?: unknown } }).process?.getBuiltinModule !== undefined &&
  !('WebSocketPair' in globalThis);

/**
 * Returns an HTTP client whose requests do not keep the process alive, where a runtime allows that. The application's own
 * `fetch` stays in use.
 */
async function backgroundHttp({ http, options }: ClientCore): Promise<RegistryHttp> {
  if (options.fetch !== undefined || !hasNodeModules()) return http;
  const { backgroundFetch } = await import('./background-fetch');
  return http.inBackground(backgroundFetch);
}

/** Reports whether the runtime streams response bodies; some return a body only once it is complete. */
const readsStreams = (): boolean => 'body' in Response.prototype;
