import { DurableObject } from 'cloudflare:workers';
import { prepareStorage } from '../../src/core/storage/schema';
import { durableSqlite } from '../../src/host/cloudflare/object-platform';

const RECORD_ROW = `INSERT OR REPLACE INTO record
  (kind, group_name, service, id, revision, flags, lease, lease_terms, timed_at, value) VALUES (3, ?, ?, ?, ?, 3, ?, NULL, ?, ?)`;
const JOURNAL_ROW = `INSERT INTO journal
  (revision, part, at, cause, actor, check_bits, size_until, changes) VALUES (?, 0, ?, 'registered', 'root', 123456789, ?, ?)`;

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
    // The registry's own tables, so that rows cost what the registry's cost.
    prepareStorage(durableSqlite(context.storage), () => 'bare');
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
