import { DurableObject } from 'cloudflare:workers';
import { prepareStorage } from '../../src/core/storage/schema';
import { durableSqlite } from '../../src/host/cloudflare/object-platform';
import { type BareFrame, BareRows } from './rows';

/** An object that only writes the rows of registrations over a socket, in groups. */
export class SocketRowsObject extends DurableObject<object> {
  readonly #rows: BareRows;

  constructor(context: DurableObjectState, env: object) {
    super(context, env);
    const storage = durableSqlite(context.storage);
    // Uses the registry's tables, so that rows cost the same.
    prepareStorage(storage, () => 'bare');
    this.#rows = new BareRows(storage);
  }

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string): Promise<void> {
    socket.send(await this.#rows.frame(JSON.parse(message) as BareFrame)); // `as`: the bench's own frames
  }
}

/** Floor *socket-rows*: the maximum rate of an object over a socket if every registration writes a durable row. */
export default {
  fetch(request: Request, env: { OBJECTS: DurableObjectNamespace<SocketRowsObject> }): Promise<Response> {
    return env.OBJECTS.getByName('public').fetch(request);
  },
};
