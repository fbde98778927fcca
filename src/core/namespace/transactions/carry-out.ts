import type { Operation, OperationResult } from '../../../model/batch';
import { bytesOf } from '../../../model/bytes';
import { RegistryError } from '../../../model/errors';
import { type JsonText, jsonText } from '../../../model/json';
import { LIST_TEXT_MAX_BYTES } from '../../../model/limits';
import type { Caller } from '../../../model/namespace-api';
import type { DeleteOperation, PutOperation, RangeOperation } from '../../../model/transaction';
import type { TransactionReport, TransactionResult } from '../../../model/transaction-report';
import { deregister } from '../commands/deregister';
import { putOverride } from '../commands/override';
import { patch } from '../commands/patch';
import { register } from '../commands/register';
import type { StoredState } from '../commit/commit-state';
import type { Draft } from '../commit/draft';
import type { EntryInput } from '../commit/drafted-entries';
import { type Entry, entryView, factFlags, isSynthetic, type WholeEntry } from '../entries/entry';
import { assertHolds, requireGranted } from '../leases/granting';
import { lockAfterPut } from '../leases/locking';
import { operationResult } from '../queries/answers';
import { AnswerRoom, entryRange, missingEntry } from '../queries/entries';
import type { ChosenSide, Step } from './choose-sides';
import type { TransactionMeter } from './transaction-meter';

/** Result of a step. That of an operation on an instance is known only after the commit. */
type Result = JsonText<TransactionResult> | { operation: Operation; outcome: OperationResult['outcome'] } | Results;

/** Results of a side, in the order of its steps. */
interface Results {
  succeeded: boolean;
  results: Result[];
}

/** Room for the results of a transaction, which knows whether some had none. */
class ResultRoom extends AnswerRoom {
  #hasRefused = false;

  /** True if a text had no room. */
  get hasRefused(): boolean {
    return this.#hasRefused;
  }

  override take(length: number): boolean {
    const hasRoom = super.take(length);
    if (!hasRoom) this.#hasRefused = true;
    return hasRoom;
  }
}

/** Carries out the chosen side of a transaction on a draft, step by step: each sees the changes of those before it. */
export class TransactionRun {
  readonly #draft: Draft;
  readonly #by: Caller;
  readonly #caller: Caller;
  readonly #meter: TransactionMeter;
  /** Shared by all results, so that many ranges make no larger answer than one. */
  readonly #room = new ResultRoom();

  /**
   * @param by On whose behalf instances are changed: with an operator's power only if that is recorded.
   * @param caller Whose leases may hold entries, for which nothing is recorded.
   */
  constructor(draft: Draft, by: Caller, caller: Caller, meter: TransactionMeter) {
    this.#draft = draft;
    this.#by = by;
    this.#caller = caller;
    this.#meter = meter;
  }

  /** @throws {RegistryError} As each operation does by itself; nothing of the transaction is then changed. */
  carryOut({ succeeded, steps }: ChosenSide): Results {
    return { succeeded, results: steps.map((step) => this.#step(step)) };
  }

  #step(step: Step): Result {
    if (step.op === 'put') return this.#put(step);
    if (step.op === 'delete') return this.#delete(step);
    if (step.op === 'range') return this.#range(step);
    if (step.op === 'transaction') return this.carryOut(step);
    return { operation: step, outcome: applyToInstance(this.#draft, this.#by, step) };
  }

  #put({
    key,
    value,
    contentType,
    flags,
    unlessSame,
    previous,
    acquire,
    release,
    ...holder
  }: PutOperation): JsonText<TransactionResult> {
    const { entries } = this.#draft;
    const before = entries.get(key);
    if (before === undefined && value === undefined) throw missingEntry(key);
    const kept = before && (previous === true || value === undefined) ? entries.valueOf(before) : undefined;
    const shown = before && kept && previous ? this.#shown({ ...before, value: kept }) : undefined;
    this.#meter.add('replaced', before?.size ?? 0);
    const lease = this.#leaseFor(holder, before);
    const keptFacts = value === undefined ? before?.facts : undefined;
    const facts = {
      actor: this.#by.tokenId,
      contentType: contentType ?? keptFacts?.contentType,
      flags: factFlags(flags ?? keptFacts?.flags),
      lock: lockAfterPut(this.#draft, this.#caller, key, { acquire, release, door: holder.door }),
    };
    const bytes = (value === undefined ? kept : bytesOf(value)) ?? new Uint8Array(0);
    const input = { value: bytes, lease, facts };
    const same = unlessSame === true && before !== undefined && this.#isSame(before, input) ? before : undefined;
    const after = same ?? entries.put(key, input, 'put');
    const outcome = before === undefined || isSynthetic(before) ? 'created' : 'changed';
    const members = `"op":"put","outcome":"${outcome}","entry":${jsonText(entryView(after, undefined))}`;
    return shown === undefined ? `{${members}}` : `{${members},"previous":${shown}}`;
  }

  /** Returns whether an entry has the value, flags, lease and lock that a put would give it. */
  #isSame(before: Entry, { value, lease, facts }: EntryInput): boolean {
    if (isSynthetic(before) || before.size !== value.length || before.lease !== lease) return false;
    // A lock that a put leaves as it is stays the same object.
    if (before.facts?.flags !== facts?.flags || before.facts?.lock !== facts?.lock) return false;
    const present = this.#draft.entries.valueOf(before);
    return present.every((byte, at) => byte === value[at]);
  }

  #leaseFor({ lease, keepLease, door }: Pick<PutOperation, 'lease' | 'keepLease' | 'door'>, before: Entry | undefined) {
    if (lease !== undefined) return requireGranted(this.#draft.granted, this.#caller, { lease, door }).id;
    if (keepLease !== true || before?.lease == null) return null;
    assertHolds(this.#draft.granted, before.lease);
    return before.lease;
  }

  #delete({ interval, previous }: DeleteOperation): JsonText<TransactionResult> {
    const { entries } = this.#draft;
    this.#meter.add('visited', entries.countIn(interval));
    const doomed = [...entries.within(interval)].filter((entry) => !isSynthetic(entry));
    this.#meter.add('deleted', doomed.length);
    for (const { size } of doomed) this.#meter.add('replaced', size);
    const shown = previous === true ? [...entries.whole(doomed)].map((entry) => this.#shown(entry)) : undefined;
    for (const { key } of doomed) entries.delete(key, 'deleted');
    const members = `"op":"delete","deleted":${doomed.length}`;
    return shown === undefined ? `{${members}}` : `{${members},"previous":[${shown.join(',')}]}`;
  }

  #range(selection: RangeOperation): JsonText<TransactionResult> {
    const { entries } = this.#draft;
    const { interval, order = 'key', countOnly = false, complete = false } = selection;
    if (order !== 'key' && !countOnly) this.#meter.add('visited', entries.countIn(interval));
    const wasFull = this.#room.isFull;
    const text = entryRange(entries, selection, this.#room);
    // A range that finds no room left does not ask for any.
    const isCut = wasFull ? entries.countIn(interval) > 0 : this.#room.hasRefused;
    if (complete && !countOnly && isCut) throw tooLarge('entries of its ranges');
    return `{"op":"range",${text.slice(1)}`;
  }

  /** Encodes an entry as it was before. */
  #shown(entry: WholeEntry): string {
    const text = jsonText(entryView(entry, entry.value));
    if (this.#room.take(text.length)) return text;
    throw tooLarge('previous entries');
  }
}

/** @param what What there is no room for. */
function tooLarge(what: string): RegistryError {
  return new RegistryError(
    'PAYLOAD_TOO_LARGE',
    `the answer with all ${what} would have more than ${LIST_TEXT_MAX_BYTES} characters; request fewer of them, or use several transactions`,
  );
}

/**
 * Applies an operation on an instance, as the corresponding single call would.
 *
 * @throws {RegistryError} As that call does; the whole batch or transaction is then refused.
 */
export function applyToInstance(draft: Draft, by: Caller, operation: Operation): OperationResult['outcome'] {
  const { key, precondition } = operation;
  if (operation.op === 'register') {
    return register(draft, by, key, operation.definition, precondition, operation.document);
  }
  if (operation.op === 'update') return patch(draft, by, key, operation.patch, precondition);
  if (operation.op === 'deregister') return deregister(draft, by, key, precondition);
  return putOverride(draft, by, key, operation.override, precondition);
}

/** Encodes the answer to a transaction that has just been committed. */
export function transactionReport(
  state: Pick<StoredState, 'catalog' | 'journal'>,
  { succeeded, results }: Results,
): JsonText<TransactionReport> {
  const { cursor, revision } = state.journal;
  const texts = results.map((result) => resultText(state, result));
  return `{"cursor":${jsonText(cursor)},"revision":${revision},"succeeded":${succeeded},"results":[${texts.join(',')}]}`;
}

function resultText(state: Pick<StoredState, 'catalog'>, result: Result): JsonText<TransactionResult> {
  if (typeof result === 'string') return result;
  if ('operation' in result) {
    const { operation, outcome } = result;
    return jsonText({ op: operation.op, ...operationResult(state.catalog, operation, outcome) });
  }
  const texts = result.results.map((each) => resultText(state, each));
  return `{"op":"transaction","succeeded":${result.succeeded},"results":[${texts.join(',')}]}`;
}
