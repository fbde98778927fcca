import type { SeededRandom } from '../simulation/seeded-random';

/** A request of etcd's JSON gateway. */
export interface EtcdExchange {
  /** Below the version. */
  path: string;
  body: unknown;
}

const bytes = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** Keys next to each other, and those that break clients: a zero byte, bytes that are not UTF-8, the last of all. */
const KEYS = ['a', 'a\0', 'ab', 'b', 'b/1', 'b/2', 'c', '\0', '\xff', '\xff\xff', 'é'];
/** Keys that are put alone, and deleted by nested transactions. */
const DELETED = ['d', 'd/1'];

const ENDS = ['', '\0', 'a', 'a\0', 'b', 'b/', 'b0', 'c', '\xff', 'zz'];
const VALUES = ['', 'x', 'y', 'x\0', '\xff\xfe'];
const LEASES = ['7', '11', '9223372036854775807', '-3'];

/**
 * Random requests on few keys and leases, so that they meet. The revisions that they name are around the newest one, which
 * the caller keeps up to date.
 */
export class EtcdRequests {
  readonly #random: SeededRandom;
  revision = 1;
  /** Newest revision that was compacted. */
  compacted = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): EtcdExchange {
    const random = this.#random;
    const kind = random.whole(0, 99);
    if (kind < 19) return { path: 'kv/put', body: this.#put() };
    if (kind < 22) return { path: 'kv/put', body: { key: bytes(this.#of(DELETED)) } };
    if (kind < 32) return { path: 'kv/deleterange', body: this.#delete() };
    if (kind < 57) return { path: 'kv/range', body: this.#range() };
    if (kind < 88) return { path: 'kv/txn', body: this.#txn(0) };
    if (kind < 91)
      return {
        path: 'lease/grant',
        body: { TTL: this.#of([100000, 200000, '300000', '9000000001']), ID: this.#of(LEASES) },
      };
    if (kind < 93) return { path: this.#of(['lease/revoke', 'kv/lease/revoke']), body: { ID: this.#of(LEASES) } };
    if (kind < 96) return { path: 'lease/timetolive', body: { ID: this.#of(LEASES), keys: random.whole(0, 1) === 1 } };
    if (kind < 97) return { path: 'lease/keepalive', body: { ID: this.#of(LEASES) } };
    if (kind < 98) return { path: 'lease/leases', body: {} };
    if (kind < 99) return { path: 'kv/compaction', body: { revision: this.#compaction() } };
    return {
      path: this.#of(['election/leader', 'lock/unlock']),
      body: { name: bytes('e'), key: bytes(this.#of(KEYS)) },
    };
  }

  /** Returns the keys of a watch, which are never none. */
  watch(): object {
    for (;;) {
      const { key, range_end } = this.#keys();
      const isBackward =
        range_end !== undefined && range_end !== bytes('') && range_end !== bytes('\0') && atob(range_end) <= atob(key);
      if (key !== '' && !isBackward) return { key, range_end };
    }
  }

  #of<T>(values: readonly T[]): T {
    const value = values[this.#random.whole(0, values.length - 1)];
    if (value === undefined) throw new Error('there is nothing to choose from');
    return value;
  }

  #isRare(): boolean {
    return this.#random.whole(0, 9) === 0;
  }

  /** Usually compacts little, so that there is a history to read. */
  #compaction(): string {
    return String(
      this.#isRare() ? this.revision + this.#random.whole(-1, 2) : this.compacted + this.#random.whole(-1, 10),
    );
  }

  #revision(): string {
    return String(this.revision + this.#random.whole(-30, 2));
  }

  /** A revision of the past that can be read: etcd looks only at the side of a transaction that it carries out. */
  #readable(): string {
    return String(this.#random.whole(Math.max(1, this.compacted, this.revision - 30), this.revision));
  }

  #keys(): { key: string; range_end?: string } {
    const key = this.#isRare() && this.#isRare() ? '' : this.#of(KEYS);
    return this.#random.whole(0, 2) === 0 ? { key: bytes(key), range_end: bytes(this.#of(ENDS)) } : { key: bytes(key) };
  }

  #put(): object {
    const random = this.#random;
    const ignore = random.whole(0, 19);
    const keepsLease = ignore === 0 || ignore === 1;
    return {
      key: bytes(this.#isRare() && this.#isRare() ? '' : this.#of(KEYS)),
      ...(ignore === 2 ? {} : { value: bytes(this.#of(VALUES)) }),
      ...(this.#isRare() ? { lease: this.#of(LEASES) } : {}),
      ...(keepsLease ? { ignore_lease: true } : {}),
      ...(ignore === 2 || ignore === 3 ? { ignore_value: true } : {}),
      prev_kv: random.whole(0, 3) === 0,
    };
  }

  /** Nested transactions delete other keys than they put: etcd does not notice all keys that they change twice. */
  #delete(depth = 0): object {
    if (depth > 0) return { key: bytes(this.#of(DELETED)), prev_kv: this.#random.whole(0, 1) === 1 };
    const { key, range_end } = this.#keys();
    // etcd takes a deletion up to the last key for none when it looks for keys that are changed twice, and may then panic.
    const end = range_end === bytes('\0') ? bytes('zz') : range_end;
    return { key, ...(end !== undefined && { range_end: end }), prev_kv: this.#random.whole(0, 1) === 1 };
  }

  #range(revision = this.#revision()): object {
    const random = this.#random;
    const bound = (name: string) => (this.#isRare() ? { [name]: this.#revision() } : {});
    return {
      ...this.#keys(),
      ...(this.#isRare() || this.#isRare() ? { limit: random.whole(-1, 4) } : {}),
      ...(random.whole(0, 5) === 0 ? { revision } : {}),
      sort_order: random.whole(0, 2),
      sort_target: random.whole(0, 4),
      serializable: this.#isRare(),
      keys_only: this.#isRare(),
      count_only: this.#isRare(),
      ...bound('min_mod_revision'),
      ...bound('max_mod_revision'),
      ...bound('min_create_revision'),
      ...bound('max_create_revision'),
    };
  }

  #compare(): object {
    const target = this.#of(['VERSION', 'CREATE', 'MOD', 'VALUE', 'LEASE']);
    const operands: Record<string, () => object> = {
      VERSION: () => ({ version: this.#random.whole(-1, 3) }),
      CREATE: () => ({ create_revision: this.#of(['-1', '0', '1', '2', this.#revision()]) }),
      MOD: () => ({ mod_revision: this.#of(['-1', '0', '1', '2', this.#revision()]) }),
      VALUE: () => ({ value: bytes(this.#of(VALUES)) }),
      LEASE: () => ({ lease: this.#of(['0', ...LEASES]) }),
    };
    // The registry has no order of leases.
    const results = ['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL'];
    return {
      result: this.#of(results),
      target,
      ...this.#keys(),
      ...(this.#isRare() ? {} : (operands[target]?.() ?? {})),
    };
  }

  #txn(depth: number): object {
    const list = <T>(most: number, make: () => T): T[] => Array.from({ length: this.#random.whole(0, most) }, make);
    return {
      compare: list(2, () => this.#compare()),
      success: list(4, () => this.#operation(depth)),
      failure: list(3, () => this.#operation(depth)),
    };
  }

  #operation(depth: number): object {
    const kind = this.#random.whole(0, 19);
    if (kind === 0) return {};
    if (kind < 8) return { request_put: this.#put() };
    if (kind < 12) return { request_delete_range: this.#delete(depth) };
    if (kind < 17 || depth === 2) return { request_range: this.#range(this.#readable()) };
    return { request_txn: this.#txn(depth + 1) };
  }
}
