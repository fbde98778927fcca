import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { newMemory } from '../../src/core/namespace/watch/connection-memory';
import { acceptSocket } from '../../src/host/resident/listener/accept-socket';
import { openPipe } from '../../src/host/resident/listener/byte-pipe';
import { ClientConnection } from '../../src/host/resident/listener/client-connection';
import type { Deadlines } from '../../src/host/resident/listener/connection-guard';
import { addressOf } from '../../src/host/resident/listener/light-request';
import { type Listener, listen } from '../../src/host/resident/listener/listener';
import { upgradeResponse } from '../../src/host/resident/listener/upgrade-response';
import { socketPurpose } from '../fixtures/socket-purpose';

/** Options of a stage, passed between processes as text. */
export interface StageOptions {
  certPath?: string;
  keyPath?: string;
  maxConnections?: number;
  deadlines?: Partial<Deadlines>;
}

/** A line of input of the program that runs many stages. It answers each with a line. */
export type StageCommand = { start: StageOptions } | { stop: number };

/** Events that a stage has recorded, answered at `/seen`. */
export interface Seen {
  /** Paths of requests that have come. */
  begun: string[];
  /** Paths of requests whose signal was aborted. */
  gone: string[];
  /** Events of streams and sockets. */
  events: string[];
  logged: [level: string, message: string, facts?: unknown][];
  connections: number;
  heardAt: number;
}

const json = (value: unknown): Response => new Response(JSON.stringify(value));

/** A listener with an app that acts as the path says and records what it sees. */
export async function startStage({ certPath, keyPath, maxConnections, deadlines }: StageOptions): Promise<Listener> {
  const seen: Seen = { begun: [], gone: [], events: [], logged: [], connections: 0, heardAt: 0 };
  let connection: ClientConnection | undefined;
  /** Resolved to let a close with the reason `hold` continue. */
  const held = Promise.withResolvers<void>();
  const tls =
    certPath !== undefined && keyPath !== undefined
      ? { cert: readFileSync(certPath, 'utf8'), key: readFileSync(keyPath, 'utf8') }
      : undefined;

  const pump = async (path: string): Promise<Response> => {
    const { readable, writable } = openPipe();
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    const write = async () => {
      const piece = new Uint8Array(path === '/flood' ? 256 * 1024 : 4).fill(97);
      try {
        for (let count = 0; path === '/flood' || count < 3; count += 1) await writer.write(piece);
        if (path === '/events') await writer.close();
        else
          for (;;) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            await writer.write(piece);
          }
        seen.events.push(`${path} ended`);
      } catch {
        seen.events.push(`${path} failed`);
      }
    };
    void write();
    return new Response(readable, { headers: { 'Content-Type': 'text/event-stream' } });
  };

  const answers: Record<string, (request: Request, url: URL) => Response | Promise<Response>> = {
    '/hello': () => new Response('{"hello":true}', { headers: new Headers({ 'content-type': 'application/json' }) }),
    '/text': () => new Response('grüße'),
    '/bytes': () => new Response(new Uint8Array([1, 2, 3])),
    '/bodiless': () => new Response(null, { status: 204 }),
    '/unchanged': () => new Response(null, { status: 304, headers: { ETag: '"a"' } }),
    '/nothing': () => new Response(null),
    '/json': () => Response.json({ json: true }),
    '/remade': async () => {
      const first = new Response('remade', { headers: new Headers({ a: '1' }) });
      first.headers.set('B', '2');
      return new Response(await first.arrayBuffer(), { headers: first.headers });
    },
    '/cookies': () =>
      new Response(null, {
        headers: [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
        ],
      }),
    '/changed': () => {
      const response = new Response('x', { headers: new Headers({ a: '1' }) });
      response.headers.set('b', '2');
      return response;
    },
    '/refuse': () => new Response('no', { status: 401 }),
    // A header that the platform accepts but the server does not write.
    '/unwritable': () => new Response('x', { headers: { 'x-odd': 'a\u0001b' } }),
    '/fail': () => {
      throw new Error('a planted failure');
    },
    '/request': async (request, url) =>
      json({
        url: url.href,
        raw: request.url,
        method: request.method,
        host: request.headers.get('Host'),
        authorization: request.headers.get('authorization'),
        missing: request.headers.get('x-missing'),
        headers: [...request.headers],
        isRequest: request instanceof Request,
        copied: [new Headers(request.headers).get('x-two'), new Response('', request).headers.get('x-two')],
        mode: typeof request.mode,
        text: await request.text(),
      }),
    // Rewrites the URL, as the router does to remove a token from a path.
    '/whole': async (request) => {
      const whole = new Request('http://other/path', request);
      return json({
        method: whole.method,
        url: whole.url,
        type: whole.headers.get('content-type'),
        text: await whole.text(),
      });
    },
    '/clone': async (request) => new Response(await request.clone().text()),
    '/echo': async (request) => {
      try {
        return new Response(await request.text());
      } catch (error) {
        seen.events.push(`/echo ${error}`);
        return new Response('broke off', { status: 400 });
      }
    },
    '/length-later': async (request) => {
      // Wait until a body has arrived in several pieces.
      await new Promise((resolve) => setTimeout(resolve, 20));
      return new Response(String((await request.text()).length));
    },
    '/pieces': async (request) => {
      let bytes = 0;
      try {
        for await (const piece of request.body ?? []) bytes += piece.length;
      } catch (error) {
        seen.events.push(`/pieces ${error}`);
        return new Response('broke off', { status: 400 });
      }
      return new Response(String(bytes));
    },
    '/large': (_, url) => new Response('a'.repeat(Number(url.searchParams.get('bytes')))),
    '/stream': (_, url) => {
      let pieces = Number(url.searchParams.get('pieces'));
      const stream = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            pieces -= 1;
            if (pieces < 0) controller.close();
            else controller.enqueue(new Uint8Array(64 * 1024).fill(97));
          },
          cancel() {
            seen.events.push('/stream cancelled');
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(stream);
    },
    '/broken': () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('first'));
          },
          pull(controller) {
            controller.error(new Error('planted'));
          },
        }),
      ),
    '/events': () => pump('/events'),
    '/endless': () => pump('/endless'),
    '/flood': () => pump('/flood'),
    '/wait': (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener('abort', () => {
          seen.gone.push('/wait');
          resolve(new Response('late'));
        });
      }),
    '/seen': () =>
      json({ ...seen, connections: listener.connections, heardAt: connection?.heardAt ?? 0 } satisfies Seen),
    '/socket': (request) => {
      const offered = request.headers.get('sec-websocket-protocol') ?? '';
      const headers: Record<string, string> = { 'X-Named': 'yes' };
      if (offered.includes('rollcall.v1')) headers['Sec-WebSocket-Protocol'] = 'rollcall.v1';
      return upgradeResponse(
        headers,
        (socket) => {
          const ours = new ClientConnection(
            socket,
            newMemory(socketPurpose(), 0),
            {
              frame: (text) => {
                if (text === 'close') ours.close(4000, 'asked to');
                else if (text === 'badly') ours.close(1005, 'x'.repeat(200));
                else if (text.startsWith('flood ')) {
                  const frame = 'a'.repeat(256 * 1024);
                  for (let count = Number(text.slice(6)); count > 0; count -= 1) ours.send(frame);
                } else ours.send(`got ${text.length > 100 ? text.length : text}`);
              },
              closed: (code, reason) => {
                seen.events.push(`/socket closed ${code} ${reason}`);
                return reason === 'hold' ? held.promise : Promise.resolve();
              },
            },
            Date.now,
          );
          connection = ours;
        },
        () => seen.events.push('/socket failed'),
      );
    },
    '/release': () => {
      held.resolve();
      return new Response('released');
    },
    '/accepted': () => {
      const { socket, answer } = acceptSocket(() => seen.events.push('/accepted closed'));
      socket.send('before');
      setTimeout(() => socket.send('after'), 50);
      return answer;
    },
    '/accepted-and-closed': () => {
      const { socket, answer } = acceptSocket(() => seen.events.push('/accepted-and-closed closed'));
      socket.send('last');
      socket.close(1001, 'bye');
      return answer;
    },
  };

  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls,
    maxConnections,
    deadlines,
    log: (...line) => seen.logged.push(line),
    answer: async (request) => {
      const url = new URL(request.url);
      seen.begun.push(url.pathname);
      const answer = await (answers[url.pathname]?.(request, url) ?? new Response(addressOf(request), { status: 404 }));
      return answer;
    },
  });
  return listener;
}

// Runs as a separate program, with the options as its argument.
if (process.argv[2]?.startsWith('{')) {
  const { port } = await startStage(JSON.parse(process.argv[2]));
  console.log(JSON.stringify({ port }));
}

// Runs as a separate program of many stages, which its input starts and stops.
if (process.argv[2] === 'stages') {
  const running = new Map<number, Listener>();
  for await (const line of createInterface(process.stdin)) {
    const command: StageCommand = JSON.parse(line);
    if ('start' in command) {
      const listener = await startStage(command.start);
      running.set(listener.port, listener);
      console.log(listener.port);
    } else {
      await running.get(command.stop)?.close(0);
      running.delete(command.stop);
      console.log('stopped');
    }
  }
}
