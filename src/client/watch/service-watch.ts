import type { ClientCore } from '../wire/client-core';
import type { WatchFrame } from '../wire/frames';
import { RollcallError } from '../wire/rollcall-error';
import { pause } from '../wire/time';
import type { ScopeFrame, WatchWireFrame } from '../wire/wire-frame';
import { PartJoiner } from './part-joiner';
import type { ChooseSource, SourceOptions, WatchSink, WatchSource, WatchStatus, WireScope } from './watch';

/**
 * Limit of unread frames, in characters. A watch above it is stopped, and resumed from its cursor once its reader has
 * caught up: a slow reader uses no more memory than this, and does not delay others.
 */
const UNREAD_MAX_CHARACTERS = 4 * 1024 * 1024;

/** Time to reconnect before the loss of a connection is reported. */
const RECONNECT_MS = 2_000;

/** Pause after a module could not be loaded. */
const LOAD_AGAIN_MS = 5_000;

/** A frame that waits for its reader. */
interface Unread<Frame> {
  frame: Frame;
  size: number;
}

/**
 * A watch over any source: whole frames, in order, and a cursor to resume from.
 *
 * @typeParam Frame The frames that its scope has.
 */
export class ServiceWatch<Frame extends ScopeFrame = WatchFrame> implements WatchSink {
  readonly #core: ClientCore;
  readonly #scope: WireScope;
  readonly #options: SourceOptions<Frame>;
  readonly #over: (watch: ServiceWatch<Frame>) => void;
  readonly #chooseSource: ChooseSource;
  readonly #joiner = new PartJoiner();
  readonly #ended = new AbortController();
  readonly #abort = (): void => this.close();
  #source: WatchSource | undefined;
  #cursor: string | undefined;
  #acknowledged: string | undefined;
  #status: WatchStatus;
  #unread: Unread<Frame>[] = [];
  #unreadSize = 0;
  #isSetAside = false;
  #wasUp = false;
  #error: RollcallError | undefined;
  readonly #cancelExpected: () => void;
  /** Wakes the reader that waits for a frame. */
  #wake: (() => void) | undefined;

  constructor(
    core: ClientCore,
    scope: WireScope,
    options: SourceOptions<Frame>,
    over: (watch: ServiceWatch<Frame>) => void,
    chooseSource: ChooseSource,
  ) {
    if (options.transport === 'socket') core.assertSockets();
    this.#core = core;
    this.#scope = scope;
    this.#options = options;
    this.#over = over;
    this.#chooseSource = chooseSource;
    this.#cursor = options.cursor;
    this.#status = { state: 'disconnected', since: core.time.wallClock() };
    this.#cancelExpected = core.expectAnswer((error) => {
      if (!this.#wasUp && this.#status.error === undefined) this.down(error);
    });
    if (options.signal?.aborted === true) this.close();
    else {
      options.signal?.addEventListener('abort', this.#abort);
      void this.#choose();
    }
  }

  get status(): WatchStatus {
    return this.#status;
  }

  get cursor(): string | undefined {
    return this.#cursor;
  }

  get acknowledged(): string | undefined {
    return this.#acknowledged;
  }

  acknowledge(cursor: string): void {
    this.#acknowledged = cursor;
    this.#source?.acknowledge();
  }

  close(): void {
    this.#end(undefined);
  }

  #end(error: RollcallError | undefined): void {
    if (this.#ended.signal.aborted) return;
    this.#error = error;
    this.#ended.abort();
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#source?.stop();
    this.#cancelExpected();
    this.#disconnect(error);
    this.#core.outages.report((known) => known.closed(this));
    // An iterator throws the error; a listener may not be there.
    if (error !== undefined && this.#options.onFrame) {
      const { services = [], groups = [], keys } = this.#scope;
      const watched = [...services, ...groups].join(', ') || (keys === undefined ? 'all services' : 'entries');
      this.#core.outages.report((known) => known.ended(watched, error), true);
    }
    this.#over(this);
    this.#wake?.();
    this.#call(() => this.#options.onEnd?.(error));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, void> {
    try {
      for (;;) {
        const next = this.#unread.shift();
        if (next !== undefined) {
          this.#unreadSize -= next.size;
          yield next.frame;
          continue;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended.signal.aborted) return;
        this.#resume();
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
    } finally {
      // Leaving the loop ends the watch.
      this.close();
    }
  }

  take(frame: WatchWireFrame, size: number): void {
    if (this.#ended.signal.aborted || this.#isSetAside) return;
    // A first frame may overtake its source's own report.
    if (this.#status.state !== 'connected') this.up();
    // `as`: the registry sends what is in the scope, and nothing else
    const whole = this.#joiner.take(frame) as Frame | undefined;
    if (whole === undefined) return;
    this.#cursor = whole.type === 'reset' ? undefined : whole.cursor;
    const { onFrame } = this.#options;
    if (onFrame !== undefined) {
      this.#call(() => onFrame(whole));
      return;
    }
    this.#unread.push({ frame: whole, size });
    this.#unreadSize += size;
    if (this.#unreadSize > UNREAD_MAX_CHARACTERS) {
      this.#isSetAside = true;
      this.#source?.stop();
    }
    this.#wake?.();
  }

  up(): void {
    this.#wasUp = true;
    this.#cancelExpected();
    this.#setStatus('connected', undefined);
    this.#core.outages.report((known) => known.worked(this));
  }

  down(error?: RollcallError): void {
    const graceMs = this.#status.state === 'connected' ? RECONNECT_MS : 0;
    this.#disconnect(error);
    if (error !== undefined) this.#core.outages.report((known) => known.failed(this, error, graceMs), true);
  }

  #disconnect(error: RollcallError | undefined): void {
    this.#joiner.broken();
    this.#setStatus('disconnected', error ?? this.#status.error);
  }

  refused(error: RollcallError): boolean {
    // The registry accepted this watch before, so it may again: after a token rotation, or once a mistake is fixed.
    if (error.isPassing || (this.#wasUp && error.code !== 'INVALID_REQUEST')) {
      this.down(error);
      return false;
    }
    this.#end(error);
    return true;
  }

  /** Starts a transport. Never rejects. */
  async #choose(): Promise<void> {
    const { signal } = this.#ended;
    const begin = (source: WatchSource) => this.#begin(source);
    while (!signal.aborted) {
      try {
        const parts = { core: this.#core, scope: this.#scope, options: this.#options };
        return await this.#chooseSource({ ...parts, sink: this, signal, begin });
      } catch (error) {
        // Offline, a browser can't load a module.
        this.down(RollcallError.from(error, 'could not load a module of the client'));
        await pause(this.#core.time, LOAD_AGAIN_MS, signal);
      }
    }
  }

  #begin(source: WatchSource): void {
    if (this.#ended.signal.aborted) return;
    this.#source = source;
    source.start();
  }

  #resume(): void {
    if (!this.#isSetAside) return;
    this.#isSetAside = false;
    this.#source?.start();
  }

  #setStatus(state: WatchStatus['state'], error: RollcallError | undefined): void {
    const before = this.#status;
    const isSame = before.state === state;
    const status = { state, since: isSame ? before.since : this.#core.time.wallClock(), error };
    this.#status = status;
    // Not for each attempt.
    if (!isSame || (error !== undefined && before.error === undefined))
      this.#call(() => this.#options.onStatus?.(status));
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      // An error of a listener must not break the connection, which others share.
      console.error('rollcall: a listener of a watch threw', error);
    }
  }
}
