import { DurableObject } from 'cloudflare:workers';

/** An object that forwards messages to all connected sockets of a topic, and keeps no state of them. */
export class BroadcastObject extends DurableObject<object> {
  constructor(context: DurableObjectState, env: object) {
    super(context, env);
    context.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** Publishes or subscribes to a topic, which is the last part of the path. */
  override async fetch(request: Request): Promise<Response> {
    const topic = new URL(request.url).pathname.split('/').at(-1) ?? '';
    if (request.headers.get('Upgrade') === null) {
      const text = await request.text();
      for (const socket of this.ctx.getWebSockets(topic)) socket.send(text);
      return new Response(null, { status: 204 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [topic]);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }
}

/** Answers a long poll, for which the Worker holds a hibernating socket. */
async function poll(object: DurableObjectStub, request: Request): Promise<Response> {
  const { webSocket } = await object.fetch(request.url, { headers: { Upgrade: 'websocket' } });
  if (webSocket === null) return new Response('no socket', { status: 500 });
  const received = new Promise<string>((resolve) => {
    webSocket.addEventListener('message', ({ data }) => resolve(String(data)));
  });
  webSocket.accept();
  const text = await received;
  webSocket.close();
  return new Response(text);
}

/** Floor *broadcast*: the fastest way for an object to notify many clients, over sockets and waiting requests. */
export default {
  fetch(request: Request, env: { OBJECTS: DurableObjectNamespace<BroadcastObject> }): Response | Promise<Response> {
    const object = env.OBJECTS.getByName('public');
    return new URL(request.url).pathname.startsWith('/poll/') ? poll(object, request) : object.fetch(request);
  },
};
