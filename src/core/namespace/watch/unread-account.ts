import { CREDIT_INITIAL_BYTES, CREDIT_STEP_BYTES } from '../../../model/limits';
import type { Connection } from '../../platform/connection';

/** Sums over the connections of one token. */
export interface UnreadSums {
  unread: number;
  /** By those that have not read anything yet. */
  unreadByNewcomers: number;
  unproven: number;
}

/**
 * Output that one connection was sent and may not have read yet. Sizes are lengths of frames.
 *
 * *Unread* is what its client has not said to have read, and rules how much more it is sent. *Unproven* is what it has
 * not shown to have read: a client can say anything, but only one that has read a mark knows it. Our own Worker is
 * believed, where it can know.
 */
export class UnreadAccount {
  readonly connection: Connection;
  /** Those of its token; shared with the other connections of that. */
  readonly sums: UnreadSums;
  /** True if its client answers marks: an earlier Worker would hand them on to readers. */
  readonly takesMarks: boolean;
  readonly isTrusted: boolean;
  /** It may be sent more. One that was closed still counts until its socket is gone, as what it was sent does. */
  isOpen = true;
  isGone = false;
  unread: number;
  unproven: number;
  /** Everything that was ever sent. */
  sent = 0;
  /** Sent after the last mark. */
  sentSinceMark = 0;
  /** The mark that has not come back yet, and when it was sent. */
  mark: { id: string; at: number } | undefined;
  /** Since when it has given no sign of reading although one is due. On the namespace's axis. */
  owesSince: number | undefined;
  /** It has said before that it has read something. */
  hasRead: boolean;
  /** It has sent back a mark before. */
  isProver: boolean;

  constructor(connection: Connection, sums: UnreadSums) {
    const { kind, proof, credit = CREDIT_INITIAL_BYTES, reading } = connection.memory;
    this.connection = connection;
    this.sums = sums;
    this.isTrusted = kind !== 'socket' && proof !== 'none';
    this.takesMarks = kind === 'socket' || proof === 'marks';
    // An earlier version let credit rise beyond what it began with.
    this.unread = Math.max(0, CREDIT_INITIAL_BYTES - credit);
    this.unproven = Math.max(this.unread, reading?.unproven ?? 0);
    this.sentSinceMark = reading?.sentSinceMark ?? this.unproven;
    this.owesSince = reading?.owesSince;
    this.mark = reading?.mark;
    this.isProver = reading?.isProver === true;
    this.hasRead = this.isProver || kind === 'poll';
  }

  /**
   * Writes it down for the time after a sleep where it has changed by a step. Not every frame is worth a note; but a
   * slow reader must not be taken for a quick one after a sleep, nor one that gives no sign for one that has just begun.
   */
  remember(): void {
    const { memory } = this.connection;
    const { credit = CREDIT_INITIAL_BYTES, reading } = memory;
    const isSame =
      Math.abs(CREDIT_INITIAL_BYTES - this.unread - credit) < CREDIT_STEP_BYTES &&
      Math.abs(this.#beyondUnread - (reading?.unproven ?? 0)) < CREDIT_STEP_BYTES &&
      (this.owesSince === undefined) === (reading?.owesSince === undefined);
    if (isSame) return;
    memory.credit = this.unread < CREDIT_STEP_BYTES ? undefined : CREDIT_INITIAL_BYTES - this.unread;
    const { unproven, owesSince, mark, sentSinceMark, isProver } = this;
    const isWorthIt = owesSince !== undefined || this.#beyondUnread >= CREDIT_STEP_BYTES;
    memory.reading = isWorthIt ? { unproven, owesSince, mark, sentSinceMark, isProver } : undefined;
    this.connection.remember();
  }

  /** Where nothing is written down, all that is unproven is what is unread. */
  get #beyondUnread(): number {
    return this.unproven > this.unread ? this.unproven : 0;
  }
}
