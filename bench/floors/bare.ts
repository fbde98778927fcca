import { DurableObject } from 'cloudflare:workers';

/** The two tables that a registration writes to, as src/registry/schema.ts makes them. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS record (
    kind INTEGER NOT NULL,
    group_name TEXT NOT NULL,
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    lease INTEGER,
    ttl_ms INTEGER,
    remove_after_ms INTEGER,
    first_remove_after_ms INTEGER,
    timed_at INTEGER NOT NULL,
    value TEXT,
    PRIMARY KEY (kind, group_name, service, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS journal (
    revision INTEGER NOT NULL,
    part INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause TEXT NOT NULL,
    actor TEXT NOT NULL,
    check_bits INTEGER NOT NULL,
    size_until INTEGER NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (revision, part)
  ) STRICT, WITHOUT ROWID`;

const RECORD_ROW = 'INSERT OR REPLACE INTO record VALUES (3, ?, ?, ?, ?, 3, ?, 30000, 30000, NULL, ?, ?)';
const JOURNAL_ROW = "INSERT INTO journal VALUES (?, 0, ?, 'registered', 'root', 123456789, ?, ?)";

interface Waiting {
  group: string;
  service: string;
  id: string;
  body: string;
  done: (answer: { revision: number }) => void;
  failed: (reason: unknown) => void;
}

/** An object that writes what a registration writes, in groups, and does nothing else. */
export class BareObject extends DurableObject<object> {
  #waiting: Waiting[] = [];
  #syncing = false;
  #revision = 0;
  #size = 0;

  constructor(context: DurableObjectState, env: object) {
    super(context, env);
    context.storage.sql.exec(TABLES);
  }

  put(group: string, service: string, id: string, body: string): Promise<{ revision: number }> {
    return new Promise((done, failed) => {
      this.#waiting.push({ group, service, id, body, done, failed });
      if (!this.#syncing) void this.#commit();
    });
  }

  /** While one group is on its way to the disk, the next one gathers. */
  async #commit(): Promise<void> {
    this.#syncing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        this.ctx.storage.transactionSync(() => {
          for (const waiting of group) this.#write(waiting);
        });
        await this.ctx.storage.sync();
        for (const [index, { done }] of group.entries()) done({ revision: this.#revision - group.length + 1 + index });
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.#syncing = false;
  }

  /** The texts are as long as the registry's own. */
  #write({ group, service, id, body }: Waiting): void {
    const revision = ++this.#revision;
    const now = Date.now();
    const value = `{"definition":${body},"owner":"root","createdRevision":${revision},"registeredAt":${now}}`;
    const head = `{"kind":"instance","group":"${group}","service":"${service}","id":"${id}","cause":"registered"`;
    const changes = `[${head},"previous":0,"servicePrevious":${revision - 1},"before":null,"after":${value}}]`;
    this.#size += changes.length;
    this.ctx.storage.sql.exec(RECORD_ROW, group, service, id, revision, revision, now, value);
    this.ctx.storage.sql.exec(JOURNAL_ROW, revision, now, this.#size, changes);
  }
}

/** Floor *bare*: what a Worker answers at most when every request is two durable rows. */
export default {
  async fetch(request: Request, env: { OBJECTS: DurableObjectNamespace<BareObject> }): Promise<Response> {
    const path = new URL(request.url).pathname.split('/');
    // /api/v1/ns/public/groups/<group>/services/<service>/instances/<id>
    const [group = '', service = '', id = ''] = [path[6], path[8], path[10]];
    const body = await request.text();
    return Response.json(await env.OBJECTS.getByName('public').put(group, service, id, body));
  },
};
