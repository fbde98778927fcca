import { BackOff } from '../wire/back-off';

import type { RegistryHttp } from '../wire/registry-http';
import { pause, type Time } from '../wire/time';
import type { ScopeSnapshot } from '../wire/wire-frame';
import type { WatchSink, WatchSource } from './watch';

/** Time that a poll waits for a change. */
const WAIT_MS = 30_000;

/** Timeout of a poll, in addition to its wait. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Interval of polls that return "unchanged" without waiting: the registry did not let them wait. */
const LEAST_MS = 1_000;

/** A repeated read. */
export interface Poll {
  path: string;
  /** Processes a response that has changed. */
  apply: (answer: Response, signal: AbortSignal) => Promise<void>;
}

/** The content of a snapshot. */
export type PolledContent = Pick<ScopeSnapshot, 'revision' | 'services' | 'entries'>;

/** The state of a scope, kept by polls. */
export interface PolledState {
  /** Forgets the state, and returns the polls that get it. */
  begin(): Poll[];
  /** The state, once each poll has been answered. */
  readonly content: PolledContent;
}

/**
 * A watch by long polls, for runtimes that have neither sockets nor streams. Changes between two responses are merged:
 * each response becomes a full snapshot. A poll under the subscriber's name acknowledges everything up to its condition,
 * so it has the name only once the reader has acknowledged that.
 */
export class PollSource implements WatchSource {
  readonly #http: RegistryHttp;
  readonly #time: Time;
  readonly #subscriber: string | undefined;
  readonly #sink: WatchSink;
  readonly #state: PolledState;
  #ended = new AbortController();
  /** Aborts the pending polls, to repeat them under the subscriber's name. */
  #asked = new AbortController();
  #polls: Poll[] = [];
  readonly #answered = new WeakSet<Poll>();
  #sentCursor: string | undefined;

  /** @param subscriber Undefined for an observer: its polls have no name. */
  constructor(http: RegistryHttp, time: Time, subscriber: string | undefined, state: PolledState, sink: WatchSink) {
    this.#http = http;
    this.#time = time;
    this.#subscriber = subscriber;
    this.#state = state;
    this.#sink = sink;
  }

  start(): void {
    this.#ended = new AbortController();
    this.#polls = this.#state.begin();
    for (const poll of this.#polls) void this.#run(poll, this.#ended.signal);
  }

  stop(): void {
    this.#ended.abort();
  }

  acknowledge(): void {
    if (this.#sink.acknowledged === this.#sentCursor) this.#asked.abort();
  }

  /** Polls until the signal aborts. Never rejects. */
  async #run(poll: Poll, signal: AbortSignal): Promise<void> {
    const backOff = new BackOff(this.#time);
    let condition: string | null = null;
    // The first request must not wait, as it finds out whether the registry is reachable.
    let waits = false;
    while (!signal.aborted) {
      const startedAt = this.#time.now();
      const asked = this.#asked.signal.aborted ? new AbortController() : this.#asked;
      this.#asked = asked;
      try {
        const answer: Response = await this.#http.request('GET', poll.path, {
          headers: {
            ...(condition !== null && { 'If-None-Match': condition }),
            ...(waits && { Prefer: `wait=${WAIT_MS / 1_000}` }),
            ...(this.#subscriber !== undefined &&
              this.#sink.acknowledged === this.#sentCursor && { 'Rollcall-Subscriber': this.#subscriber }),
          },
          signal: AbortSignal.any([signal, asked.signal]),
          timeoutMs: WAIT_MS + ANSWER_TIMEOUT_MS,
        });
        if (answer.status !== 304) {
          await poll.apply(answer, signal);
          condition = answer.headers.get('etag');
          this.#answered.add(poll);
          if (!signal.aborted) this.#noteCursor(answer.headers.get('rollcall-cursor') ?? '');
        } else if (waits && this.#time.now() - startedAt < LEAST_MS) {
          await pause(this.#time, LEAST_MS, signal);
        }
        backOff.reset();
        waits = true;
        if (!signal.aborted) this.#sink.up();
      } catch (error) {
        if (signal.aborted) return;
        if (asked.signal.aborted) continue;
        const reason = await this.#http.failure(error, 'GET', poll.path, 'was not answered by a registry');
        if (signal.aborted) return;
        waits = false;
        // A conflict is an earlier poll of our own that the registry still considers open.
        if (reason.code === 'CONFLICT') this.#sink.down();
        else if (this.#sink.refused(reason)) return;
        await pause(this.#time, reason.retryAfterMs ?? backOff.next(), signal);
      }
    }
  }

  #noteCursor(cursor: string): void {
    if (!this.#polls.every((poll) => this.#answered.has(poll))) return;
    this.#sentCursor = cursor;
    this.#sink.take({ type: 'snapshot', watch: '', cursor, ...this.#state.content }, 0);
  }
}
