import { DurableObject } from 'cloudflare:workers';
import { prepareStorage } from '../../src/core/storage/schema';
import { durableSqlite } from '../../src/host/cloudflare/object-platform';

const RECORD_ROW = `INSERT OR REPLACE INTO record
  (kind, group_name, service, id, revision, flags, lease, lease_terms, timed_at, value) VALUES (3, 'DEFAULT_GROUP', ?, ?, ?, 3, ?, NULL, ?, ?)`;
const JOURNAL_ROW = `INSERT INTO journal
  (revision, part, at, cause, actor, check_bits, size_until, changes) VALUES (?, 0, ?, 'registered', 'root', 123456789, ?, ?)`;

interface Frame {
  id: string;
  operations: { service: string; id: string }[];
}

/** An object that writes what registrations over a socket write, in groups, and does nothing else. */
export class SocketRowsObject extends DurableObject<object> {
  #waiting: { socket: WebSocket; frame: Frame }[] = [];
  #syncing = false;
  #revision = 0;
  #size = 0;

  constructor(context: DurableObjectState, env: object) {
    super(context, env);
    // The registry's own tables, so that rows cost what the registry's cost.
    prepareStorage(durableSqlite(context.storage), () => 'bare');
    // It sleeps when it is idle for 10 s, and its rows are there when it wakes.
    const { newest } = context.storage.sql.exec('SELECT max(revision) AS newest FROM journal').one();
    this.#revision = Number(newest);
  }

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string): void {
    this.#waiting.push({ socket, frame: JSON.parse(message) as Frame }); // `as`: the bench's own frames
    if (!this.#syncing) void this.#commit();
  }

  /** While one group is on its way to the disk, the next one gathers. */
  async #commit(): Promise<void> {
    this.#syncing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      this.ctx.storage.transactionSync(() => {
        for (const { frame } of group) this.#write(frame);
      });
      await this.ctx.storage.sync();
      for (const { socket, frame } of group) {
        const results = frame.operations.map(({ id }) => ({ outcome: 'created', id, revision: this.#revision }));
        socket.send(JSON.stringify({ type: 'answer', id: frame.id, body: { revision: this.#revision, results } }));
      }
    }
    this.#syncing = false;
  }

  /** The texts are about as long as the registry's own. */
  #write({ operations }: Frame): void {
    const revision = ++this.#revision;
    const now = Date.now();
    const changes: string[] = [];
    for (const operation of operations) {
      const { service, id } = operation;
      const value = `{"definition":${JSON.stringify(operation)},"owner":"root","createdRevision":${revision}}`;
      this.ctx.storage.sql.exec(RECORD_ROW, service, id, revision, revision, now, value);
      changes.push(`{"kind":"instance","group":"DEFAULT_GROUP","before":null,"after":${value}}`);
    }
    const text = `[${changes.join(',')}]`;
    this.#size += text.length;
    this.ctx.storage.sql.exec(JOURNAL_ROW, revision, now, this.#size, text);
  }
}

/** Floor *socket-rows*: what an object takes in over a socket at most when every registration is a durable row. */
export default {
  fetch(request: Request, env: { OBJECTS: DurableObjectNamespace<SocketRowsObject> }): Promise<Response> {
    return env.OBJECTS.getByName('public').fetch(request);
  },
};
