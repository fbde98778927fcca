import { readJsonText } from '../../src/model/json';
import { intervalOf, intervalOfPrefix, type KeyInterval } from '../../src/model/key-interval';
import type { Compare, Transaction, TransactionOperation } from '../../src/model/transaction';
import type { TransactionReport } from '../../src/model/transaction-report';
import { entryText, type KeptEntry } from './entry-replica';
import type { SeededRandom } from './seeded-random';
import type { World } from './world';

const CALLER = { tokenId: 'entry-writer', operates: true };

const KEYS = ['shared/a', 'shared/b', 'shared/c', 'shared/\u0000\u00ff', 'locks/a', 'locks/b'] as const;

/** Puts and deletes entries, also those that leases hold or lock, one by one and in transactions. */
export class EntryWriter {
  readonly #world: World;
  readonly #random: SeededRandom;
  #puts = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
  }

  async live(): Promise<never> {
    const { operations } = this.#world.scenario;
    for (;;) {
      await this.#world.sleep(this.#random.magnitude(operations.from, operations.to));
      await this.#world.untilUp();
      const what = this.#random.weighted({ put: 4, delete: 2, transaction: 4 });
      if (what === 'put') await this.#put(this.#someKey());
      else if (what === 'delete') await this.#delete(this.#someKey());
      else await this.#transact(this.#someTransaction());
    }
  }

  async #put(key: string): Promise<void> {
    const value = this.#someValue();
    const { entries } = this.#world.chronicle.replica;
    const precondition = this.#precondition(key);
    await this.#world.ask(
      {
        name: `writer: puts ${key}`,
        ask: (registry) => registry.putEntry(CALLER, { key, value, precondition, contentType: 'text/plain' }),
      },
      ({ body, created }, _heardAt, revision) => {
        const view = readJsonText(body);
        const [is, was] = [entries.at(key, revision), entries.at(key, revision - 1)];
        if (is === undefined || was === undefined) return;
        const { entry } = is;
        const isKept = is.revision === revision && entry?.value === value && entry.lease === null;
        if (!isKept || view.revision !== revision || view.version !== entry.version || created !== (was.entry === null))
          this.#world.report('I1', `${key} was put as ${body}, and is ${entryText(entry)} at ${is.revision}`);
        this.#checkPrecondition(key, precondition, was.entry === null ? null : was.revision);
      },
    );
  }

  async #delete(key: string): Promise<void> {
    const precondition = this.#random.chance(0.7) ? {} : this.#precondition(key);
    await this.#world.ask(
      { name: `writer: deletes ${key}`, ask: (registry) => registry.deleteEntry(CALLER, { key, precondition }) },
      (_value, _heardAt, revision) => {
        const left = this.#world.chronicle.replica.entries.at(key, revision);
        if (left?.entry != null) this.#world.report('I1', `${key} was deleted, but is ${entryText(left.entry)}`);
      },
    );
  }

  #precondition(key: string): { revision?: number; absent?: boolean } {
    const known = this.#world.chronicle.replica.entries.at(key);
    const kind = this.#random.weighted({ none: 5, revision: 3, absent: 1 });
    if (kind === 'none' || known === undefined) return {};
    return kind === 'absent' ? { absent: this.#random.chance(0.5) } : { revision: known.revision };
  }

  #checkPrecondition(key: string, { revision, absent }: { revision?: number; absent?: boolean }, was: number | null) {
    const isMet = (revision === undefined || revision === was) && (absent === undefined || absent === (was === null));
    if (!isMet)
      this.#world.report('KV3', `${key} was at ${was}, but is put if ${JSON.stringify({ revision, absent })}`);
  }

  async #transact(transaction: Transaction): Promise<void> {
    await this.#world.ask(
      { name: 'writer: a transaction', ask: (registry) => registry.transaction(CALLER, transaction) },
      ({ body }, _heardAt, revision) => this.#checkReport(transaction, readJsonText(body), revision),
    );
  }

  /** Compares an answer with the journal before and at its revision. */
  #checkReport(transaction: Transaction, report: TransactionReport, revision: number): void {
    const { entries } = this.#world.chronicle.replica;
    const side = report.succeeded ? transaction.do : transaction.else;
    const isChange = report.results.some((one) => one.op === 'put' || (one.op === 'delete' && one.deleted > 0));
    const before = entries.all(isChange ? revision - 1 : revision);
    const after = entries.all(revision);
    if (before === undefined || after === undefined) return;
    const was = new Map<string, KeptEntry & { revision: number }>(
      before.map(([key, { revision: at, entry }]) => [key, { ...entry, revision: at }]),
    );
    const holds = transaction.if.every((compare) => isMet(was, compare));
    const about = `a transaction at ${revision}`;
    if (holds !== report.succeeded) this.#wrong(`${about} ${holds ? 'did not' : 'did'} succeed`);
    for (const [index, operation] of side.entries()) {
      const result = report.results[index];
      if (operation.op === 'put') {
        const is = entries.at(operation.key, revision);
        if (is?.revision !== revision || is.entry?.value !== operation.value || result?.op !== 'put')
          this.#wrong(`${about} put ${operation.key}, which is ${entryText(is?.entry ?? null)}`);
      } else if (operation.op === 'delete') {
        const gone = before.filter(([key]) => isIn(key, operation.interval)).length;
        if (result?.op !== 'delete' || result.deleted !== gone || after.some(([key]) => isIn(key, operation.interval)))
          this.#wrong(`${about} deleted ${JSON.stringify(result)} of ${gone}`);
      } else if (operation.op === 'range') {
        const there = after.filter(([key]) => isIn(key, operation.interval));
        const shown = result?.op === 'range' ? result.entries.map((entry) => `${entry.revision}/${entry.version}`) : [];
        if (shown.join() !== there.map(([, { revision: at, entry }]) => `${at}/${entry.version}`).join())
          this.#wrong(`${about} shows ${shown.join()} of ${there.length}`);
      }
    }
  }

  #someTransaction(): Transaction {
    const [key, other] = [this.#someKey(), this.#random.pick(KEYS)];
    const known = this.#world.chronicle.replica.entries.at(key)?.entry ?? null;
    const range: TransactionOperation = { op: 'range', interval: intervalOfPrefix('shared/') };
    const puts = [...new Set([key, other])].map((each) => this.#puttingOf(each));
    const interval = intervalOf(other);
    const deletion: TransactionOperation[] =
      other === key
        ? [{ op: 'delete', interval }, range]
        : [this.#puttingOf(key), { op: 'delete', interval, previous: true }, range];
    const operand = (known?.version ?? 0) + Number(this.#random.chance(0.2));
    const compares = this.#random.pick<Compare[]>([
      [],
      [{ interval: intervalOf(key), property: 'version', is: '=', operand }],
      [{ interval: intervalOf(key), property: 'exists', operand: known !== null }],
      [{ interval: intervalOf(key), property: 'value', is: '=', operand: known?.value ?? '' }],
    ]);
    return { if: compares, do: this.#random.pick([[...puts, range], deletion]), else: [range] };
  }

  #puttingOf(key: string): TransactionOperation {
    return { op: 'put', key, value: this.#someValue() };
  }

  /** Returns a shared key, or one that a lease holds. */
  #someKey(): string {
    const present = this.#random.chance(0.3) ? (this.#world.chronicle.replica.entries.all() ?? []) : [];
    const found = present[this.#random.whole(0, present.length)];
    return found?.[0] ?? this.#random.pick(KEYS);
  }

  /** Returns a value that no other put has, now and then a large one. */
  #someValue(): string {
    return `${++this.#puts}${'x'.repeat(this.#random.chance(0.1) ? 20_000 : 0)}`;
  }

  #wrong(what: string): void {
    this.#world.report('TX1', what);
  }
}

function isMet(entries: ReadonlyMap<string, KeptEntry>, { interval, ...compare }: Compare): boolean {
  const entry = entries.get(interval.from);
  if (compare.property === 'exists') return (entry !== undefined) === compare.operand;
  if (compare.property === 'value') return entry?.value === compare.operand;
  return (entry?.version ?? 0) === compare.operand;
}

const isIn = (key: string, { from, to }: KeyInterval) => key >= from && (to === undefined || key < to);
