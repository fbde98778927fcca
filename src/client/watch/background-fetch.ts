/**
 * Sends requests that do not keep the process alive, with the HTTP client of Node, which Deno and Bun have, too. The
 * connections of `fetch` can't do that in any of them. Loaded on demand.
 */

/** The parts of Node that are used. */
interface NodeRequest {
  on(event: 'response', act: (response: NodeResponse) => void): this;
  on(event: 'socket', act: (socket: { unref?: () => void }) => void): this;
  on(event: 'error', act: (error: Error) => void): this;
  end(body?: string): void;
}

interface NodeResponse {
  statusCode?: number;
  rawHeaders: string[];
}

interface NodeHttp {
  request(
    url: string,
    options: { method?: string | undefined; headers: Record<string, string>; signal?: AbortSignal | undefined },
  ): NodeRequest;
}

interface NodeStreams {
  Readable: { toWeb(readable: NodeResponse): ReadableStream };
}

/** Status codes of responses that have no body. */
const BODILESS = [204, 205, 304];

/** Returns a module of Node. */
function nodeModule<Module>(name: string): Module {
  // `as`: the caller has checked that the runtime has it, and knows the type of the module
  const { process } = globalThis as unknown as { process: { getBuiltinModule: (name: string) => Module } };
  return process.getBuiltinModule(name);
}

/** Sends a request like `fetch`, except that it follows no redirects, and that its body must be a text. */
export function backgroundFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const http = nodeModule<NodeHttp>(url.startsWith('https:') ? 'node:https' : 'node:http');
  const { Readable } = nodeModule<NodeStreams>('node:stream');
  const { method, body, signal } = init;
  const headers = Object.fromEntries(new Headers(init.headers));
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, ...(signal && { signal }) });
    request.on('socket', (socket) => socket.unref?.());
    request.on('error', (error) => reject(signal?.aborted ? signal.reason : error));
    request.on('response', (response) => {
      const { statusCode: status = 200, rawHeaders } = response;
      const received = new Headers();
      for (let at = 0; at + 1 < rawHeaders.length; at += 2)
        received.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
      resolve(new Response(BODILESS.includes(status) ? null : Readable.toWeb(response), { status, headers: received }));
    });
    request.end(typeof body === 'string' ? body : undefined);
  });
}
