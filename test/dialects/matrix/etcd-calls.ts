import { base64, EtcdStream } from '../../fixtures/etcd-stream';
import { folderOf, type LayoutDoor } from './layout-doors';
import type { MatrixStage } from './matrix-stage';

/** A key as etcd's API returns it, with text instead of bytes. */
export interface EtcdPair {
  key: string;
  value: string;
  lease: string;
  create_revision: string;
  mod_revision: string;
}

/** An instance as a watcher of a framework receives it. */
export interface EtcdChange {
  /** As go-micro's watcher names it. */
  action: 'create' | 'update' | 'delete';
  /** Members that the framework parses of the value; for a delete, of the previous one. */
  seen: Record<string, unknown>;
}

/** A pair as JSON has it: zeros are left out. */
type RawPair = Partial<EtcdPair> & { key: string };

interface RawEvent {
  type?: 'DELETE';
  kv: RawPair;
  prev_kv?: RawPair;
}

const pairOf = ({ key, value = '', lease = '0', create_revision = '0', mod_revision = '0' }: RawPair): EtcdPair => ({
  key: atob(key),
  value: atob(value),
  lease,
  create_revision,
  mod_revision,
});

/** Returns the key after all those with a prefix, as etcd's clients do. */
const endOf = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

/** The calls of etcd's API that frameworks for Go make, over JSON. */
export class EtcdCalls {
  readonly #stage: MatrixStage;

  constructor(stage: MatrixStage) {
    this.#stage = stage;
  }

  /** Grants a lease, and returns its id. */
  async grant(ttlSeconds: number): Promise<string> {
    return (await this.#call<{ ID: string }>('lease/grant', { TTL: ttlSeconds })).ID;
  }

  /** Renews a lease. Returns its TTL in seconds: 0 if it has ended. */
  async keepAlive(lease: string): Promise<number> {
    return Number((await this.#call<{ result: { TTL?: string } }>('lease/keepalive', { ID: lease })).result.TTL ?? 0);
  }

  async revoke(lease: string): Promise<void> {
    await this.#call('lease/revoke', { ID: lease });
  }

  async put(key: string, value: string, lease: string): Promise<void> {
    await this.#call('kv/put', { key: base64(key), value: base64(value), lease });
  }

  async delete(key: string): Promise<void> {
    await this.#call('kv/deleterange', { key: base64(key) });
  }

  /** Returns the pairs below a prefix, and the revision of the response. */
  async range(prefix: string): Promise<{ revision: number; pairs: EtcdPair[] }> {
    const { header, kvs = [] } = await this.#call<{ header: { revision: string }; kvs?: RawPair[] }>('kv/range', {
      key: base64(prefix),
      range_end: base64(endOf(prefix)),
    });
    return { revision: Number(header.revision), pairs: kvs.map(pairOf) };
  }

  /** Watches a prefix, with previous values. */
  async watch(prefix: string, startRevision: number): Promise<EtcdStream> {
    const request = { key: base64(prefix), range_end: base64(endOf(prefix)), prev_kv: true };
    const body = JSON.stringify({ create_request: { ...request, start_revision: startRevision } });
    const response = await this.#stage.open('POST', '/v3/watch', { body });
    const stream = new EtcdStream(response);
    const { created } = await stream.next();
    if (created !== true) throw new Error('the watch was not created');
    return stream;
  }

  async #call<Answer>(path: string, body: object): Promise<Answer> {
    return (await this.#stage.json('POST', `/v3/${path}`, body)) as Answer; // `as`: etcd's response
  }
}

/** A subscriber of a framework: it reads all instances, and watches from the next revision. */
export class EtcdSubscriber {
  readonly #door: LayoutDoor;
  readonly #stream: EtcdStream;
  /** Instances that were there before it watched. */
  readonly first: Record<string, unknown>[];

  private constructor(door: LayoutDoor, stream: EtcdStream, first: Record<string, unknown>[]) {
    this.#door = door;
    this.#stream = stream;
    this.first = first;
  }

  static async start(etcd: EtcdCalls, door: LayoutDoor): Promise<EtcdSubscriber> {
    const folder = folderOf(door);
    const { revision, pairs } = await etcd.range(folder);
    const first = pairs.map(({ value }) => door.seen(value));
    return new EtcdSubscriber(door, await etcd.watch(folder, revision + 1), first);
  }

  /** Returns the changes of the next response. */
  async next(): Promise<EtcdChange[]> {
    // `as`: etcd's response; a stream that ends has none, which fails the test.
    const { events = [] } = (await this.#stream.next()) as { events?: RawEvent[] };
    return events.map(({ type, kv, prev_kv }): EtcdChange => {
      const { value, create_revision, mod_revision } = pairOf(kv);
      if (type !== 'DELETE') {
        return { action: create_revision === mod_revision ? 'create' : 'update', seen: this.#door.seen(value) };
      }
      if (prev_kv === undefined) throw new Error(`the delete of ${atob(kv.key)} has no previous pair`);
      return { action: 'delete', seen: this.#door.seen(pairOf(prev_kv).value) };
    });
  }

  async stop(): Promise<void> {
    await this.#stream.close();
  }
}
