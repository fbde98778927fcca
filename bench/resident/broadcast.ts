import type { WebSocket } from 'ws';
import { upgradeResponse } from '../../src/host/resident/listener/upgrade-response';
import { serve } from './serve';

/** Sockets and waiting requests, by topic. */
const listeners = new Map<string, Set<(text: string) => void>>();

function listenersOf(topic: string): Set<(text: string) => void> {
  const known = listeners.get(topic);
  if (known !== undefined) return known;
  const made = new Set<(text: string) => void>();
  listeners.set(topic, made);
  return made;
}

function join(topic: string, socket: WebSocket): void {
  const notify = (text: string) => socket.send(text);
  listenersOf(topic).add(notify);
  socket.on('message', () => socket.send('pong'));
  socket.on('close', () => listenersOf(topic).delete(notify));
}

function poll(topic: string): Promise<Response> {
  return new Promise((resolve) => {
    const notify = (text: string) => {
      listenersOf(topic).delete(notify);
      resolve(new Response(text));
    };
    listenersOf(topic).add(notify);
  });
}

/** Floor *broadcast*: the fastest way for one process to notify many clients, over sockets and waiting requests. */
await serve(async (request) => {
  // /topic/<topic> publishes or subscribes; /poll/<topic> waits for a message.
  const [, kind, topic = ''] = new URL(request.url).pathname.split('/');
  if (kind === 'poll') return poll(topic);
  if (request.headers.get('upgrade') !== null) return upgradeResponse({}, (socket) => join(topic, socket));
  const text = await request.text();
  for (const notify of [...listenersOf(topic)]) notify(text);
  return new Response(null, { status: 204 });
});
