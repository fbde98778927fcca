import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../house/source-tree';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { ChaosProxy } from './chaos-proxy';

/** Actions available to a suite, by the last part of the path. */
type Actions = Record<string, () => Promise<void> | void>;

/**
 * A registry behind a proxy, and a server through which a suite breaks one or the other. The server also provides the
 * suite's code to a browser.
 */
export class RuntimeHost {
  readonly registry: RunningRegistry;
  readonly proxy: ChaosProxy;
  readonly controlUrl: string;
  readonly #server: Server;

  private constructor(registry: RunningRegistry, proxy: ChaosProxy, server: Server) {
    const { port } = server.address() as AddressInfo; // `as`: it listens on TCP
    this.registry = registry;
    this.proxy = proxy;
    this.#server = server;
    this.controlUrl = `http://127.0.0.1:${port}`;
  }

  static async start(data: string): Promise<RuntimeHost> {
    const registry = await startRegistry({ data });
    const proxy = await ChaosProxy.start(registry.url);
    const actions: Actions = {
      kill: () => registry.kill('SIGKILL'),
      cut: () => proxy.cut(),
      reset: () => proxy.reset(),
      halfOpen: () => proxy.halfOpen(),
      refuse: () => proxy.refuse(),
      heal: () => proxy.heal(),
    };
    const server = createServer((asked, answer) => {
      const [, folder = '', name = ''] = /^\/(control|client|suite)\/([\w.-]+)$/.exec(asked.url ?? '') ?? [];
      if (folder === 'control') void act(actions[name], answer);
      else serve(folder, name, answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RuntimeHost(registry, proxy, server);
  }

  async stop(): Promise<void> {
    this.proxy.stop();
    this.#server.close();
    this.#server.closeAllConnections();
    await this.registry.stop();
  }
}

/** Requests come from a page of another origin. */
const HEADERS = { 'Access-Control-Allow-Origin': '*', Connection: 'close' };

async function act(action: Actions[string] | undefined, answer: ServerResponse): Promise<void> {
  try {
    if (action === undefined) throw new Error('unknown action');
    await action();
    answer.writeHead(200, HEADERS).end();
  } catch (error) {
    answer.writeHead(500, HEADERS).end(String(error));
  }
}

const FOLDERS: Record<string, string> = { client: 'dist/client', suite: 'test/client' };

function serve(folder: string, name: string, answer: ServerResponse): void {
  try {
    const text = readFileSync(join(PROJECT_ROOT, FOLDERS[folder] ?? '', name));
    answer.writeHead(200, { ...HEADERS, 'Content-Type': 'text/javascript' }).end(text);
  } catch {
    answer.writeHead(404, HEADERS).end();
  }
}
