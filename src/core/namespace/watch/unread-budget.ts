import {
  ANSWERS_UNREAD_MAX_BYTES,
  CREDIT_INITIAL_BYTES,
  FRAME_PART_MAX_BYTES,
  MARK_INTERVAL_BYTES,
  UNPROVEN_MAX_MS,
  UNPROVEN_PER_CONNECTION_MAX_BYTES,
  UNPROVEN_PER_NAMESPACE_MAX_BYTES,
  UNPROVEN_PER_TOKEN_MAX_BYTES,
  UNREAD_BY_NEWCOMERS_MAX_BYTES,
  UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES,
  UNREAD_MAX_MS,
  UNREAD_PER_NAMESPACE_MAX_BYTES,
  UNREAD_PER_TOKEN_MAX_BYTES,
  WINDOW_MIN_BYTES,
  WINDOW_SHARES_COUNT,
} from '../../../model/limits';
import type { Connection } from '../../platform/connection';
import { UnreadAccount, type UnreadSums } from './watcher';

/** Rank from which on every window has the minimum size. */
const LAST_RANK = UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES / WINDOW_SHARES_COUNT / WINDOW_MIN_BYTES;

/** Growth of unread output after which all receivers are asked for a sign of reading. */
const ASK_STEP = UNREAD_PER_NAMESPACE_MAX_BYTES / 16;

/** Connects a budget with the namespace it is for. */
export interface BudgetHooks {
  /** Returns the time on the namespace's axis. */
  now(): number;
  /** Returns a mark: an id that cannot be guessed. */
  id(): string;
  /** Closes a connection as too slow; {@link UnreadBudget.leave} follows. */
  dismiss(connection: Connection, reason: string): void;
  /** Called when there is room again for a connection that waited. */
  goOn(connection: Connection): void;
  /** Requests a call of {@link UnreadBudget.closeStalled} at this time. */
  comeBackAt(at: number): void;
}

/**
 * Bounds what all connections of a namespace were sent and have not read, in bytes and in time. A Durable Object can't see
 * how much of its output is still in memory, and the resident host sees only what the system has not taken. This therefore
 * relies on what clients send back: see design/decisions/0020-unread-output.md.
 */
export class UnreadBudget {
  readonly #hooks: BudgetHooks;
  readonly #accounts = new Set<UnreadAccount>();
  /** Accounts that are behind, in the order in which they fell behind. */
  readonly #behind = new Set<UnreadAccount>();
  /** Accounts with waiting output, in the order in which they began to wait. */
  readonly #waiting = new Set<UnreadAccount>();
  readonly #byToken = new Map<string, UnreadSums & { accounts: number }>();
  readonly #all: UnreadSums = { unread: 0, unreadByNewcomers: 0, unproven: 0 };
  /** The last account that was closed to make room, until it is gone. */
  #closing: UnreadAccount | undefined;
  #askedAt = { unread: 0, time: 0 };
  #lookAt = Number.POSITIVE_INFINITY;
  #isSharing = false;

  constructor(hooks: BudgetHooks) {
    this.#hooks = hooks;
  }

  /** Output sent to all connections that is not known to be read. */
  get sums(): Readonly<UnreadSums> {
    return this.#all;
  }

  /** Opens the account of a connection. */
  open(connection: Connection): UnreadAccount {
    const { tokenId } = connection.memory.caller;
    const sums = this.#byToken.get(tokenId) ?? { unread: 0, unreadByNewcomers: 0, unproven: 0, accounts: 0 };
    this.#byToken.set(tokenId, sums);
    sums.accounts += 1;
    const account = new UnreadAccount(connection, sums);
    this.#accounts.add(account);
    const { unread, unproven } = account;
    account.unread = 0;
    account.unproven = 0;
    this.#set(account, unread, unproven);
    return account;
  }

  /** Sends nothing more to a connection that was closed. */
  leave(account: UnreadAccount): void {
    account.isOpen = false;
    account.owesSince = undefined;
    this.settle(account);
  }

  /** Removes the account of a connection whose socket is gone, and with it its unread output. */
  closed(account: UnreadAccount): void {
    if (account.isClosed) return;
    account.isClosed = true;
    this.leave(account);
    this.#set(account, 0, 0);
    this.#accounts.delete(account);
    if (this.#closing === account) this.#closing = undefined;
    const { tokenId } = account.connection.memory.caller;
    const sums = this.#byToken.get(tokenId);
    if (sums !== undefined) sums.accounts -= 1;
    if (sums?.accounts === 0) this.#byToken.delete(tokenId);
    this.#share();
  }

  /** Returns whether a connection may be sent more. One frame may take more than is left. */
  hasRoom(account: UnreadAccount): boolean {
    return account.isOpen && account.unread < this.#windowOf(account) && this.#hasShare(account);
  }

  /** Returns whether a connection has used up its own window, regardless of the others. */
  isFull(account: UnreadAccount): boolean {
    return account.unread >= this.#windowOf(account);
  }

  /** Returns whether the frames of a client are held back until it has read some of its answers. */
  isHeld({ isProver, isOpen, unproven }: UnreadAccount): boolean {
    return isProver && isOpen && unproven > ANSWERS_UNREAD_MAX_BYTES;
  }

  /** Returns the maximum size of the next part of a snapshot. */
  partSize(account: UnreadAccount): number {
    return Math.min(FRAME_PART_MAX_BYTES, this.#windowOf(account));
  }

  /** Records that a connection is behind, and is about to be sent what it lacks. */
  begin(account: UnreadAccount): void {
    if (account.isOpen) this.#behind.add(account);
  }

  /** Records that a connection has caught up, and nothing waits for it. */
  settle(account: UnreadAccount): void {
    this.#behind.delete(account);
    this.#waiting.delete(account);
  }

  /** Counts a frame. Answers don't use credit: clients grant none for them, and confirm them by marks. */
  sent(account: UnreadAccount, length: number, isAnswer: boolean): void {
    if (!account.isOpen) return;
    account.sent += length;
    account.sentSinceMark += length;
    this.#set(account, account.unread + (isAnswer ? 0 : length), account.unproven + length);
    if (account.sentSinceMark >= MARK_INTERVAL_BYTES) this.#ask(account);
    if (this.isHeld(account)) this.#lookSoon(account);
    account.remember();
    if (this.#all.unread > UNREAD_PER_NAMESPACE_MAX_BYTES / 2) this.#askAll();
    this.#closeUnproven(account);
  }

  /**
   * Records that a client reports to have read more bytes, or proves it by a mark. It can't confirm more than it was
   * sent.
   */
  confirm(account: UnreadAccount, bytes: number, mark: string | undefined): void {
    if (!account.isOpen) return;
    let unread = Math.max(0, account.unread - bytes);
    let { unproven } = account;
    if (mark !== undefined && mark === account.mark?.id) {
      account.mark = undefined;
      account.isProver = true;
      unproven = account.sentSinceMark;
      unread = Math.min(unread, unproven);
    }
    this.#confirmed(account, unread, unproven);
  }

  /** Records that a client reports to have read everything up to a point of {@link UnreadAccount.sent}. */
  confirmUpTo(account: UnreadAccount, sent: number): void {
    if (account.isOpen) this.#confirmed(account, Math.min(account.unread, account.sent - sent), account.unproven);
  }

  #confirmed(account: UnreadAccount, unread: number, unproven: number): void {
    if (unread < account.unread || unproven < account.unproven) this.#hasRead(account);
    this.#set(account, unread, account.isTrusted ? unread : unproven);
    const isWaiting = this.#waiting.has(account);
    const isDue = unread > 0 && (isWaiting || account.mark !== undefined);
    account.owesSince = isDue ? this.#hooks.now() : undefined;
    if (account.sentSinceMark >= MARK_INTERVAL_BYTES || (isWaiting && this.isFull(account))) this.#ask(account);
    account.remember();
    this.#share();
  }

  /** Records that output waits for room. {@link BudgetHooks.goOn} continues it, at once if there is room. */
  wait(account: UnreadAccount): void {
    if (!account.isOpen || this.#waiting.has(account)) return;
    this.#waiting.add(account);
    if (this.hasRoom(account)) {
      this.#share();
      return;
    }
    if (account.unread > 0) this.#owe(account);
    if (!this.#hasShare(account)) this.#askAll();
    this.#lookSoon(account);
    account.remember();
  }

  /** Closes connections that have given no sign of reading for too long, if output waits for them. */
  closeStalled(): void {
    const now = this.#hooks.now();
    if (now < this.#lookAt) return;
    this.#lookAt = Number.POSITIVE_INFINITY;
    for (const account of [...this.#accounts]) {
      if (account.owesSince === undefined || !this.#isInTheWay(account)) continue;
      const at = account.owesSince + UNREAD_MAX_MS;
      if (at > now) this.#lookAt = Math.min(this.#lookAt, at);
      else this.#hooks.dismiss(account.connection, 'too slow: nothing was read for 30 s; resume by cursor');
    }
    if (this.#waiting.size > 0) this.#lookAt = Math.min(this.#lookAt, now + UNREAD_MAX_MS);
    if (this.#lookAt < Number.POSITIVE_INFINITY) this.#hooks.comeBackAt(this.#lookAt);
  }

  /** Returns whether output waits for this connection to read: its own, or that of others that share a limit with it. */
  #isInTheWay(account: UnreadAccount): boolean {
    if (this.#waiting.has(account) || this.isHeld(account)) return true;
    if (this.#waiting.size === 0) return false;
    if (this.#all.unread >= UNREAD_PER_NAMESPACE_MAX_BYTES) return true;
    if (account.sums.unread >= UNREAD_PER_TOKEN_MAX_BYTES) return true;
    return !account.hasRead && this.#isShortOfNewcomers(account.sums);
  }

  #hasShare({ sums, hasRead, isProver, isTrusted }: UnreadAccount): boolean {
    if (this.#all.unread >= UNREAD_PER_NAMESPACE_MAX_BYTES || sums.unread >= UNREAD_PER_TOKEN_MAX_BYTES) return false;
    if (!hasRead && this.#isShortOfNewcomers(sums)) return false;
    return isProver || isTrusted || !this.#isShortOfProof(sums);
  }

  #isShortOfNewcomers({ unreadByNewcomers }: UnreadSums): boolean {
    if (unreadByNewcomers >= UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES) return true;
    return this.#all.unreadByNewcomers >= UNREAD_BY_NEWCOMERS_MAX_BYTES;
  }

  #isShortOfProof({ unproven }: UnreadSums): boolean {
    return unproven >= UNPROVEN_PER_TOKEN_MAX_BYTES || this.#all.unproven >= UNPROVEN_PER_NAMESPACE_MAX_BYTES;
  }

  /**
   * Returns the window of a connection. The first ones that are behind get the largest windows, and the next ones move up as
   * those catch up. Having read earns no larger window: output buffered by the client's system also counts as read.
   */
  #windowOf(account: UnreadAccount): number {
    if (!this.#behind.has(account)) return CREDIT_INITIAL_BYTES;
    let rank = 0;
    for (const each of this.#behind) {
      rank += 1;
      if (each === account || rank >= LAST_RANK) break;
    }
    const share = Math.floor(UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES / WINDOW_SHARES_COUNT / rank);
    return Math.max(WINDOW_MIN_BYTES, Math.min(CREDIT_INITIAL_BYTES, share));
  }

  #set(account: UnreadAccount, unread: number, unproven: number): void {
    const proven = account.isTrusted ? unread : unproven;
    for (const sums of [account.sums, this.#all]) {
      if (!account.hasRead) sums.unreadByNewcomers += unread - account.unread;
      sums.unread += unread - account.unread;
      sums.unproven += proven - account.unproven;
    }
    account.unread = unread;
    account.unproven = proven;
  }

  #hasRead(account: UnreadAccount): void {
    if (account.hasRead) return;
    for (const sums of [account.sums, this.#all]) sums.unreadByNewcomers -= account.unread;
    account.hasRead = true;
  }

  /** Continues waiting output, in order, as far as there is room. */
  #share(): void {
    // Continuing one may close another, which calls this again.
    if (this.#isSharing) return;
    this.#isSharing = true;
    for (const account of [...this.#waiting]) {
      if (this.#all.unread >= UNREAD_PER_NAMESPACE_MAX_BYTES) break;
      if (!this.#waiting.has(account) || !this.hasRoom(account)) continue;
      this.#waiting.delete(account);
      this.#hooks.goOn(account.connection);
    }
    this.#isSharing = false;
  }

  /** Requires a sign of reading from now on, and asks for it. */
  #owe(account: UnreadAccount): void {
    account.owesSince ??= this.#hooks.now();
    this.#ask(account);
  }

  /** Sends a connection a mark, unless one is pending. */
  #ask(account: UnreadAccount): void {
    if (account.mark !== undefined || !account.takesMarks || !account.isOpen) return;
    const now = this.#hooks.now();
    const mark = this.#hooks.id();
    const frame = JSON.stringify({ type: 'mark', mark });
    account.connection.send(frame);
    account.sent += frame.length;
    this.#set(account, account.unread + frame.length, account.unproven + frame.length);
    account.mark = { id: mark, at: now };
    account.sentSinceMark = 0;
    account.owesSince ??= now;
  }

  /** Asks all connections for a sign of reading, at a limited rate, when room is getting short. */
  #askAll(): void {
    const now = this.#hooks.now();
    const { unread, time } = this.#askedAt;
    if (Math.abs(this.#all.unread - unread) < ASK_STEP && now - time < 1_000) return;
    this.#askedAt = { unread: this.#all.unread, time: now };
    for (const account of this.#accounts) {
      if (account.unread > 0 && account.isOpen) this.#owe(account);
    }
  }

  /** Schedules a check for when the time of a connection is over; after a sleep most of it may be used up. */
  #lookSoon({ owesSince }: UnreadAccount): void {
    const at = (owesSince ?? this.#hooks.now()) + UNREAD_MAX_MS;
    if (at >= this.#lookAt) return;
    this.#lookAt = at;
    this.#hooks.comeBackAt(at);
  }

  /** Closes connections that must not be sent more until they prove that they read, whatever they report. */
  #closeUnproven(account: UnreadAccount): void {
    const { mark, unproven, isTrusted, connection } = account;
    const isLate = !isTrusted && mark !== undefined && this.#hooks.now() - mark.at > UNPROVEN_MAX_MS;
    if (unproven > UNPROVEN_PER_CONNECTION_MAX_BYTES || isLate) {
      this.#hooks.dismiss(connection, 'no mark was returned for too long; resume by cursor');
    }
    if (!this.#isShortOfProof(account.sums) || this.#closing !== undefined) return;
    // One at a time: a client that reads is gone as soon as it is closed, which makes room.
    this.#closing = this.#worst();
    if (this.#closing === undefined) return;
    this.#hooks.dismiss(this.#closing.connection, 'too much output is unconfirmed; resume by cursor');
  }

  /** Returns the account with most unproven output, of the token with most of it. */
  #worst(): UnreadAccount | undefined {
    let worst: UnreadAccount | undefined;
    for (const account of this.#accounts) {
      if (!account.isOpen || account.isTrusted || account.isProver) continue;
      const more = worst === undefined ? 1 : account.sums.unproven - worst.sums.unproven;
      if (more > 0 || (more === 0 && account.unproven > (worst?.unproven ?? 0))) worst = account;
    }
    return worst;
  }
}
