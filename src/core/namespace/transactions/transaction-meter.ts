import { RegistryError } from '../../../model/errors';
import {
  TRANSACTION_COMPARED_MAX_BYTES,
  TRANSACTION_DELETED_MAX_COUNT,
  TRANSACTION_REPLACED_MAX_BYTES,
  TRANSACTION_VISITED_MAX_COUNT,
} from '../../../model/limits';

/** Amounts that are bounded for each transaction, as a few short operations may concern every entry of a namespace. */
const AMOUNTS = {
  visited: { most: TRANSACTION_VISITED_MAX_COUNT, what: 'entries are compared, deleted or sorted' },
  compared: { most: TRANSACTION_COMPARED_MAX_BYTES, what: 'bytes of values are compared' },
  deleted: { most: TRANSACTION_DELETED_MAX_COUNT, what: 'entries are deleted' },
  replaced: { most: TRANSACTION_REPLACED_MAX_BYTES, what: 'bytes of values are replaced or deleted' },
};

type Amount = keyof typeof AMOUNTS;

/** Counts the work of a transaction, and refuses it beyond its limits. */
export class TransactionMeter {
  readonly #used: Record<Amount, number> = { visited: 0, compared: 0, deleted: 0, replaced: 0 };

  /** @throws {RegistryError} `LIMIT_EXCEEDED` if the transaction is too much work. */
  add(amount: Amount, count: number): void {
    this.#used[amount] += count;
    const { most, what } = AMOUNTS[amount];
    if (this.#used[amount] <= most) return;
    const message = `in this transaction, ${this.#used[amount]} ${what}, more than the maximum of ${most}; use several transactions, over fewer keys each`;
    throw new RegistryError('LIMIT_EXCEEDED', message);
  }
}
